#pragma once

#include <string>

#include "campaign/v1/orchestrator.pb.h"

namespace campaign::ctl {

// What happened to one customer and why: the outcome, then the ten steps in order. A step that was not walked says why
// not; a step walked twice (compliance after a review) stands twice. `with_html` shows the source of HTML parts.
std::string ExplainCustomerRun(const v1::CustomerRun& run, bool with_html);

// One step: its title with time and attempts, and below what was decided and why.
std::string ExplainStep(const v1::CustomerRun& run, const v1::StepRecord& step, bool with_html);

}  // namespace campaign::ctl
