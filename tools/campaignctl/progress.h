#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "tools/campaignctl/command.h"

namespace campaign::ctl {

// Shows how far something has come: one line that is rewritten on a terminal. Clears it at the end. Not thread-safe.
class Progress {
 public:
  explicit Progress(Console& console) : console_(console), start_(console.clock.Now()) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Where `err` is no terminal: nothing.
  void Show(absl::string_view line);

  // On a terminal the same as Show. Elsewhere a line of its own, at most one in `every`.
  void ShowOrLog(absl::string_view line, absl::Duration every);

  // Takes the line away.
  void Clear();

  // `count` a second since the start.
  int64_t Rate(int64_t count) const;

 private:
  Console& console_;
  const absl::Time start_;
  absl::Time last_log_ = absl::InfinitePast();
  bool shown_ = false;
};

// Customers of the run that are in a terminal state or wait for review or a time.
int64_t SettledCustomers(const v1::CampaignRun& run);

// "1,200 / 5,000 customers  DELIVERED 800, HELD_OUT 400": `+` after the total while an audience is being read.
std::string RunLine(const v1::CampaignRun& run);

// "[######------]" of `width` characters.
std::string Bar(int64_t done, int64_t total, int width);

}  // namespace campaign::ctl
