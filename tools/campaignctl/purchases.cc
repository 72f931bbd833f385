#include "tools/campaignctl/purchases.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/clock.h"
#include "common/status.h"
#include "tools/campaignctl/json_lines.h"

namespace campaign::ctl {
namespace {

class Reader {
 public:
  absl::Status ReadCustomers(const std::string& file) {
    JsonLines lines(file);
    knows_customers_ = true;
    for (int64_t line = 0;;) {
      v1::Customer customer;
      RETURN_IF_ERROR(lines.ReadNext(customer, line));
      if (line == 0) return absl::OkStatus();
      currencies_[customer.customer_id()] = customer.currency_code();
    }
  }

  absl::Status ReadEvents(const std::string& file) {
    JsonLines lines(file);
    for (int64_t line = 0;;) {
      v1::Event event;
      RETURN_IF_ERROR(lines.ReadNext(event, line));
      if (line == 0) return absl::OkStatus();
      if (event.event_id().empty() || event.customer_id().empty() || !event.has_event_time()) {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ":", line, ": an event needs event_id, customer_id and event_time"));
      }
      Add(event);
    }
  }

  ShopPurchases Take() {
    for (CustomerPurchases& customer : shop_.customers) {
      std::stable_sort(customer.purchases.begin(), customer.purchases.end(),
                       [](const auto& a, const auto& b) { return a.time < b.time; });
    }
    return std::move(shop_);
  }

 private:
  void Add(const v1::Event& event) {
    const absl::Time time = FromTimestamp(event.event_time());
    shop_.last_event = std::max(shop_.last_event, time);
    if (!event.has_purchase() || !seen_.insert(event.event_id()).second) return;
    const auto currency = currencies_.find(event.customer_id());
    if (knows_customers_ && currency == currencies_.end()) {
      ++shop_.unknown_customer_purchases;
      return;
    }
    const auto [found, is_new] = places_.try_emplace(event.customer_id(), shop_.customers.size());
    if (is_new) {
      shop_.customers.push_back({event.customer_id(), currency == currencies_.end() ? "" : currency->second, {}});
    }
    shop_.customers[found->second].purchases.push_back({time, event.purchase().amount_minor()});
  }

  bool knows_customers_ = false;
  absl::flat_hash_map<std::string, std::string> currencies_;
  absl::flat_hash_map<std::string, size_t> places_;
  absl::flat_hash_set<std::string> seen_;
  ShopPurchases shop_;
};

}  // namespace

absl::StatusOr<ShopPurchases> ReadPurchases(const std::string& folder) {
  const std::filesystem::path path = folder;
  if (!std::filesystem::exists(path / "events.jsonl")) {
    return absl::NotFoundError(absl::StrCat(folder, " holds no events.jsonl"));
  }
  Reader reader;
  if (std::filesystem::exists(path / "customers.jsonl")) {
    RETURN_IF_ERROR(reader.ReadCustomers((path / "customers.jsonl").string()));
  }
  RETURN_IF_ERROR(reader.ReadEvents((path / "events.jsonl").string()));
  return reader.Take();
}

}  // namespace campaign::ctl
