#include "tools/campaignctl/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {

void Progress::Show(absl::string_view line) {
  if (!console_.terminal) return;
  // Back to the line's start, and erase what stood there (ECMA-48 EL).
  console_.err << "\r\x1b[K" << Printable(line) << std::flush;
  shown_ = true;
}

void Progress::ShowOrLog(absl::string_view line, absl::Duration every) {
  if (console_.terminal) return Show(line);
  const absl::Time now = console_.clock.Now();
  if (now - last_log_ < every) return;
  last_log_ = now;
  console_.err << Printable(line) << "\n" << std::flush;
}

void Progress::Clear() {
  if (shown_) console_.err << "\r\x1b[K" << std::flush;
  shown_ = false;
}

int64_t Progress::Rate(int64_t count) const {
  const double seconds = absl::ToDoubleSeconds(console_.clock.Now() - start_);
  return seconds <= 0 ? 0 : static_cast<int64_t>(static_cast<double>(count) / seconds);
}

int64_t SettledCustomers(const v1::CampaignRun& run) {
  int64_t settled = 0;
  for (const v1::StateCount& count : run.state_counts()) {
    const bool moves =
        count.state() == v1::CUSTOMER_RUN_STATE_PENDING || count.state() == v1::CUSTOMER_RUN_STATE_RUNNING;
    if (!moves) settled += count.count();
  }
  return settled;
}

std::string RunLine(const v1::CampaignRun& run) {
  const std::string counts = absl::StrJoin(run.state_counts(), ", ", [](std::string* out, const v1::StateCount& count) {
    absl::StrAppend(out, EnumText(count.state()), " ", FormatCount(count.count()));
  });
  return absl::StrCat(FormatCount(SettledCustomers(run)), " / ", FormatCount(run.customer_count()),
                      run.reading_audience() ? "+" : "", " customers", counts.empty() ? "" : "  ", counts);
}

std::string Bar(int64_t done, int64_t total, int width) {
  const int64_t filled = total <= 0 ? 0 : std::clamp<int64_t>(done * width / total, 0, width);
  return absl::StrCat("[", std::string(filled, '#'), std::string(width - filled, '-'), "]");
}

}  // namespace campaign::ctl
