/// A loop whose turns do not need each other, by all processors.
#pragma once

#include <cstddef>
#include <functional>

namespace millgate {

/// Calls `turn(i)` once for each i below `count`, in no order, by as many threads as the machine
/// has processors, this one among them. Turns must not throw and may touch the same data only to
/// read it. Returns when all are done; what they wrote is seen then.
void each_in_parallel(size_t count, const std::function<void(size_t)>& turn);

}  // namespace millgate
