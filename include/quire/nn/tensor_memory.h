// Where libtorch's tensors on the CPU live.
#pragma once

namespace quire::nn {

// From now on they are in LargeMemory (base/large_memory.h). For the whole process; tensors that
// exist stay where they are. May be called again.
void use_large_memory();

}  // namespace quire::nn
