// What the program asks of the process it runs in: signals, and descriptors that are open.
#pragma once

#include "quire/base/context.h"

namespace quire::app {

// Opens what the caller left closed of stdin, stdout and stderr, so that no file of ours takes its number and
// gets what is meant for it. Reading and writing results fail as if it were closed; progress goes nowhere.
void open_standard_descriptors();

// SIGINT, SIGTERM and SIGHUP ask the work to stop and save. A second signal ends the process at once, but for
// one within a second of the first: `timeout`, `docker` and the like pass on what the terminal has sent to
// everybody already. Under nohup SIGHUP stays ignored. A closed pipe is an error of write().
void catch_signals();

// What asks to stop; of the whole process.
[[nodiscard]] const StopSignal& stop_signal();

}  // namespace quire::app
