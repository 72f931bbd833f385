#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace campaign::generator {

// The next wider locale, as RFC 4647 looks languages up: "zh-hant-tw" → "zh-hant" → "zh" → "". A single letter left at
// the end ("en-x") announces what was cut off.
absl::string_view WiderLocale(absl::string_view locale);

// How many steps wider `range` is than `locale`, upper and lower case alike; -1: it does not hold it.
int LocaleDistance(absl::string_view locale, absl::string_view range);

}  // namespace campaign::generator
