/* @NAME@: one bid and one offer a few basis points round the mid, inventory bounded. Change it into yours. */
#include "sequence.h"

static u64 next_id = 1;

CALLBACK(algo_on_book_v3) Actions *algo_on_book_v3(const Book *book, const State *state, u32 features) {
    (void)features;
    actions.count = 0;
    if (!book->bid_ct || !book->ask_ct) return &actions;
    u64 half_bps = (u64)param(0, 5);   /* distance from the mid */
    i64 size = param(1, 10000000);     /* 0.1 */
    i64 most = param(2, 50000000);     /* 0.5, long or short */
    u64 tick = state->tick ? state->tick : 1;
    u64 mid = (book->bids[0].px + book->asks[0].px) / 2, away = mid / 10000 * half_bps;
    for (int turn = 0; turn < 2; turn++) {
        i8 side = turn ? SELL : BUY;
        u64 px = turn ? (mid + away + tick - 1) / tick * tick : (mid - away) / tick * tick;
        int standing = 0;
        for (u32 i = 0; i < state->order_ct; i++) {
            const OpenOrder *order = &state->orders[i];
            u64 off = order->px > px ? order->px - px : px - order->px;
            if (order->side != side) continue;
            if (off > away / 2) cancel(order->id); else standing = 1;
        }
        i64 room = side == BUY ? most - state->position : (state->position < most ? state->position : most);
        if (!standing && room >= size) place(next_id++, side, px, size, POST_ONLY);
    }
    return &actions;
}

CALLBACK(algo_on_fill) void algo_on_fill(const Fill *fill, const State *state) {
    (void)fill; (void)state;
    LOG(2, "filled");
}

CALLBACK(algo_on_reject) void algo_on_reject(const Reject *reject) {
    (void)reject;
    LOG(3, "an order was refused");
}

CALLBACK(algo_on_shutdown) Actions *algo_on_shutdown(const State *state) {
    actions.count = 0;
    for (u32 i = 0; i < state->order_ct; i++) cancel(state->orders[i].id);
    return &actions;
}
