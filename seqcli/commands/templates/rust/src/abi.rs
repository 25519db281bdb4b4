//! The algorithm ABI to the byte. Prices are 1e9 fixed point, quantities 1e8; nothing here needs a crate.

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Level {
    pub px: u64,
    pub sz: u64,
}

#[repr(C)]
pub struct Book {
    pub bids: [Level; 20],
    pub asks: [Level; 20],
    pub bid_ct: u8,
    pub ask_ct: u8,
    pub symbol_id: u16,
    _pad: u32,
    pub recv_ns: u64,
}

#[repr(C)]
pub struct OpenOrder {
    pub id: u64,
    pub px: u64,
    pub qty: i64,
    pub filled: i64,
    pub side: i8,
    pub status: u8,
    _pad: [u8; 6],
}

#[repr(C)]
pub struct State {
    pub position: i64,
    pub avg_entry: u64,
    pub realized_pnl: i64,
    pub unrealized_pnl: i64,
    orders: [OpenOrder; 32],
    order_ct: u8,
    _pad: [u8; 7],
    pub session_pnl: i64,
    pub fills: u64,
    pub tick: u64,
    pub lot: u64,
    pub min_qty: u64,
    pub min_notional: u64,
}

impl State {
    pub fn orders(&self) -> &[OpenOrder] {
        &self.orders[..self.order_ct as usize]
    }
}

#[repr(C)]
pub struct Fill {
    pub order_id: u64,
    pub px: u64,
    pub qty: i64,
    pub recv_ns: u64,
    pub side: i8,
    _pad: [u8; 7],
}

#[repr(C)]
pub struct Reject {
    pub order_id: u64,
    pub code: u8,
    _pad: [u8; 7],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Action {
    id: u64,
    px: u64,
    qty: i64,
    side: i8,
    kind: u8,
    order_type: u8,
    venue: u8,
    _pad: [u8; 4],
}

pub const BUY: i8 = 1;
pub const SELL: i8 = -1;
#[allow(dead_code)]
pub const LIMIT: u8 = 0;
#[allow(dead_code)]
pub const MARKET: u8 = 1;
pub const POST_ONLY: u8 = 4;

#[repr(C)]
pub struct Actions {
    count: u32,
    _pad: u32,
    rows: [Action; 16],
}

impl Actions {
    pub fn new() -> Self {
        Actions { count: 0, _pad: 0, rows: [Action::default(); 16] }
    }

    fn push(&mut self, action: Action) -> bool {
        if self.count as usize >= self.rows.len() {
            return false;
        }
        self.rows[self.count as usize] = action;
        self.count += 1;
        true
    }

    /// A new order under an id of your choice; false when sixteen are waiting already.
    pub fn order(&mut self, id: u64, side: i8, px: u64, qty: i64, order_type: u8) -> bool {
        self.push(Action { id, px, qty, side, order_type, ..Action::default() })
    }

    pub fn cancel(&mut self, id: u64) -> bool {
        self.push(Action { id, kind: 1, ..Action::default() })
    }
}

#[link(wasm_import_module = "env")]
extern "C" {
    fn host_log_impl(level: u32, text: *const u8, length: u32);
}

/// Levels: 0 trace, 1 debug, 2 info, 3 warn, 4 error.
pub fn log(level: u32, text: &str) {
    unsafe { host_log_impl(level, text.as_ptr(), text.len() as u32) }
}

/// The value of a parameter slot of Sequence.toml, or `otherwise` where it is not set.
pub fn param(slot: usize, otherwise: i64) -> i64 {
    const AT: usize = 0x24000;
    unsafe {
        let version = std::ptr::read_volatile(AT as *const u8);
        let row = AT + 16 + 16 * slot;
        if version != 1 || slot > 30 || std::ptr::read_volatile((row + 8) as *const u8) == 0 {
            return otherwise;
        }
        std::ptr::read_volatile(row as *const i64)
    }
}

#[no_mangle]
pub extern "C" fn algo_alloc(size: u32) -> *mut u8 {
    let words = vec![0u64; (size as usize + 7) / 8];
    Box::leak(words.into_boxed_slice()).as_mut_ptr() as *mut u8
}
