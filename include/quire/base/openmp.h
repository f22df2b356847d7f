// How the threads of OpenMP wait, for every library of this process that brings some.
#pragma once

namespace quire {

// To be called before a library with OpenMP is loaded: libtorch's and LightGBM's share one libgomp, which
// reads its settings once, so that whichever comes first decides for both.
//
// libgomp's threads wait for each other some 300,000 turns of a loop before they sleep. When another process
// wants the CPUs, they wait for one that is not running: training took three times as long with libtorch, and
// LightGBM's trees ten times and more (docs/benchmarks.md). 1,000 turns are about what waking a thread costs.
// What the user set stays.
void shorten_openmp_waiting();

}  // namespace quire
