#include "services/generator/locale_range.h"

#include "absl/strings/match.h"

namespace campaign::generator {

absl::string_view WiderLocale(absl::string_view locale) {
  size_t dash = locale.rfind('-');
  if (dash == absl::string_view::npos) return "";
  if (dash >= 2 && locale[dash - 2] == '-') dash -= 2;
  return locale.substr(0, dash);
}

int LocaleDistance(absl::string_view locale, absl::string_view range) {
  for (int distance = 0;; ++distance, locale = WiderLocale(locale)) {
    if (absl::EqualsIgnoreCase(locale, range)) return distance;
    if (locale.empty()) return -1;
  }
}

}  // namespace campaign::generator
