#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/clock.h"
#include "tools/shop/export.h"

ABSL_FLAG(std::string, out, "", "folder for customers.jsonl, events.jsonl, consents.jsonl and suppressions.jsonl");
ABSL_FLAG(int64_t, customers, 2000, "customers besides the hand-made ones");
ABSL_FLAG(uint64_t, seed, 7, "another seed, another shop");
ABSL_FLAG(std::string, now, "", "where history ends, RFC 3339; default: the machine's clock");

namespace {

int Misuse(const std::string& what) {
  std::cerr << "shop: " << what << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Makes up the shop Nordlicht: shop --out FOLDER [--customers N] [--seed N] [--now TIME]");
  absl::ParseCommandLine(argc, argv);
  if (absl::GetFlag(FLAGS_out).empty()) return Misuse("--out is required");
  if (absl::GetFlag(FLAGS_customers) < 0) return Misuse("--customers: must not be negative");
  campaign::shop::Options options{.seed = absl::GetFlag(FLAGS_seed), .now = campaign::SystemClock().Now()};
  std::string error;
  const std::string now = absl::GetFlag(FLAGS_now);
  if (!now.empty() && !absl::ParseTime(absl::RFC3339_full, now, &options.now, &error)) {
    return Misuse("--now: " + now + " is no RFC 3339 time: " + error);
  }
  const auto counts = campaign::shop::Export(options, absl::GetFlag(FLAGS_customers), absl::GetFlag(FLAGS_out));
  if (!counts.ok()) {
    std::cerr << "shop: " << counts.status().message() << "\n";
    return 1;
  }
  std::cout << counts->customers << " customers, " << counts->events << " events, " << counts->consents << " consents, "
            << counts->suppressions << " suppressions\n";
  return 0;
}
