#pragma once

#include <string>

#include "campaign/v1/message.pb.h"

namespace campaign::ctl {

// A message as its receiver sees it, between bars, and what a reviewer should know about it. The HTML part is named by
// its size unless `with_html`.
std::string MessageText(const v1::Message& message, bool with_html);

}  // namespace campaign::ctl
