#pragma once

#include "campaign/v1/orchestrator.pb.h"

// Which refusals are about the channel or the address alone, so that the message may go by another one.
namespace campaign::orchestrator {

// True where the record refuses its message for good and only because of where it was to go: compliance blocks the
// address or the channel, no message can be made for the channel, or the channel's provider refuses the address. False
// for what concerns the customer or the content, for a code that is not known, and for every dispatch that may have
// gone out.
bool RefusesChannel(const v1::StepRecord& record);

}  // namespace campaign::orchestrator
