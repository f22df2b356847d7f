// A child process that tries what could kill this one.
#pragma once

namespace quire {

// True when works() returns true in a child of this process; false too when it kills the child. The child is
// made by fork() and gets this thread alone, so works() must not wait for any other.
[[nodiscard]] bool passes_in_child(bool (*works)());

}  // namespace quire
