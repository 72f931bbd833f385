#include "services/analytics/name_set.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace campaign::analytics {

std::string JoinNames(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  // Escaped names hold no line end.
  return absl::StrJoin(names, "\n",
                       [](std::string* out, const std::string& name) { out->append(absl::Utf8SafeCEscape(name)); });
}

std::vector<std::string> SplitNames(absl::string_view joined) {
  std::vector<std::string> names;
  if (joined.empty()) return names;
  for (absl::string_view escaped : absl::StrSplit(joined, '\n')) {
    std::string& name = names.emplace_back();
    if (!absl::CUnescape(escaped, &name)) name = std::string(escaped);
  }
  return names;
}

}  // namespace campaign::analytics
