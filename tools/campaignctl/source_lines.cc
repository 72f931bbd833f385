#include "tools/campaignctl/source_lines.h"

namespace campaign::ctl {

int SourceLines::Find(absl::string_view path) const {
  while (true) {
    if (const auto it = lines_.find(path); it != lines_.end()) return it->second;
    const size_t end = path.find_last_of(".[");
    if (end == absl::string_view::npos) return 1;
    path = path.substr(0, end);
  }
}

}  // namespace campaign::ctl
