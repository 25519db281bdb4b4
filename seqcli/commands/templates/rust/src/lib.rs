//! @NAME@: one bid and one offer a few basis points round the mid, inventory bounded. Change it into yours.

mod abi;
use abi::*;

struct Algo {
    actions: Actions,
    next_id: u64,
}

static mut ALGO: Option<Algo> = None;

fn algo() -> &'static mut Algo {
    unsafe { (*std::ptr::addr_of_mut!(ALGO)).get_or_insert_with(|| Algo { actions: Actions::new(), next_id: 1 }) }
}

impl Algo {
    fn on_book(&mut self, book: &Book, state: &State) {
        self.actions = Actions::new();
        if book.bid_ct == 0 || book.ask_ct == 0 {
            return;
        }
        let half_bps = param(0, 5) as u64; // distance from the mid
        let size = param(1, 10_000_000); // 0.1
        let most = param(2, 50_000_000); // 0.5, long or short
        let tick = state.tick.max(1);
        let mid = (book.bids[0].px + book.asks[0].px) / 2;
        let away = mid / 10_000 * half_bps;
        let wanted = [(BUY, (mid - away) / tick * tick), (SELL, (mid + away + tick - 1) / tick * tick)];
        for (side, px) in wanted {
            let mut standing = false;
            for order in state.orders().iter().filter(|order| order.side == side) {
                if order.px.abs_diff(px) > away / 2 {
                    self.actions.cancel(order.id);
                } else {
                    standing = true;
                }
            }
            let room = if side == BUY { most - state.position } else { most.min(state.position) };
            if !standing && room >= size {
                self.actions.order(self.next_id, side, px, size, POST_ONLY);
                self.next_id += 1;
            }
        }
    }
}

/// # Safety
/// The host passes blocks that `algo_alloc` gave it.
#[no_mangle]
pub unsafe extern "C" fn algo_on_book_v3(book: *const Book, state: *const State, _features: u32) -> *const Actions {
    let algo = algo();
    algo.on_book(&*book, &*state);
    &algo.actions
}

/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn algo_on_fill(fill: *const Fill, state: *const State) {
    let (fill, state) = (&*fill, &*state);
    log(2, &format!("filled {} at {}, position {}", fill.qty, fill.px, state.position));
}

/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn algo_on_reject(reject: *const Reject) {
    log(3, &format!("order {} refused: {}", (*reject).order_id, (*reject).code));
}

/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn algo_on_shutdown(state: *const State) -> *const Actions {
    let algo = algo();
    algo.actions = Actions::new();
    for order in (*state).orders() {
        algo.actions.cancel(order.id);
    }
    &algo.actions
}
