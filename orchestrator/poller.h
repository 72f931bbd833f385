#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "orchestrator/timers.h"

namespace campaign::orchestrator {

// Does a piece of work again and again on a thread of its own: at once while there is more of it, else when an interval
// of the clock is over; first when it is made. Thread-safe.
class Poller {
 public:
  // True: there is more. An error is logged, the first of several in a row, and the work tried again an interval later.
  using Work = std::function<absl::StatusOr<bool>()>;

  // `what` for the log: "feedback". `stop` breaks the work off that is under way. Timers and clock must outlive it.
  Poller(std::string what, Timers& timers, const Clock& clock, absl::Duration interval, Work work,
         std::function<void()> stop);
  // Stops the work and waits for it.
  ~Poller();

 private:
  struct Signal;

  void Loop();
  // One piece; true: there is more.
  bool Do();

  const std::string what_;
  Timers& timers_;
  const Clock& clock_;
  const absl::Duration interval_;
  const Work work_;
  const std::function<void()> stop_;
  bool failing_ = false;
  // Outlives the poller in timers that are not due.
  const std::shared_ptr<Signal> signal_;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace campaign::orchestrator
