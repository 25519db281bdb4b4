//! Buys at market until it holds three lots, then sells them again, one a book; says what it does.

#[repr(C)]
struct Level {
    px: u64,
    sz: u64,
}

#[repr(C)]
pub struct Book {
    bids: [Level; 20],
    asks: [Level; 20],
    bid_ct: u8,
    ask_ct: u8,
    symbol_id: u16,
    pad: u32,
    recv_ns: u64,
}

#[repr(C)]
pub struct State {
    position: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Action {
    id: u64,
    px: u64,
    qty: i64,
    side: i8,
    kind: u8,
    order_type: u8,
    venue: u8,
    pad: [u8; 4],
}

#[repr(C)]
pub struct Actions {
    count: u32,
    pad: u32,
    rows: [Action; 16],
}

#[link(wasm_import_module = "env")]
extern "C" {
    fn host_log_impl(level: u32, text: *const u8, length: u32);
}

const LOT: i64 = 20_000_000;
const NONE: Action = Action { id: 0, px: 0, qty: 0, side: 0, kind: 0, order_type: 0, venue: 0, pad: [0; 4] };
static mut OUT: Actions = Actions { count: 0, pad: 0, rows: [NONE; 16] };
static mut SELLING: bool = false;

fn say(text: &str) {
    unsafe { host_log_impl(2, text.as_ptr(), text.len() as u32) }
}

#[no_mangle]
pub extern "C" fn algo_alloc(size: u32) -> *mut u8 {
    let words = vec![0u64; (size as usize + 7) / 8];
    Box::leak(words.into_boxed_slice()).as_mut_ptr() as *mut u8
}

#[no_mangle]
pub unsafe extern "C" fn algo_on_book(book: *const Book, state: *const State) -> *const Actions {
    let (book, state) = (&*book, &*state);
    OUT.count = 0;
    if book.bid_ct > 0 && book.ask_ct > 0 && book.bids[0].px < book.asks[0].px {
        if state.position >= 3 * LOT {
            SELLING = true;
        }
        if state.position <= 0 {
            SELLING = false;
        }
        let side = if SELLING { -1 } else { 1 };
        OUT.rows[0] = Action { id: book.recv_ns, qty: LOT, side, order_type: 1, ..NONE };
        OUT.count = 1;
        say(&format!("{} at {}", if SELLING { "sell" } else { "buy" }, state.position));
    }
    raw_out()
}

unsafe fn raw_out() -> &'static Actions {
    &*std::ptr::addr_of!(OUT)
}
