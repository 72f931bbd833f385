#pragma once

#include <string>

#include "campaign/v1/orchestrator.pb.h"

namespace campaign::ctl {

// What one step decided and why, indented, a line feed after every line. Empty where it has no result of its own.
std::string StepResultText(const v1::StepRecord& step, bool with_html);

// The reasons, one a line, with their facts, under `title`; empty where there are none.
std::string ReasonLines(const std::string& title, const google::protobuf::RepeatedPtrField<v1::Reason>& reasons);

}  // namespace campaign::ctl
