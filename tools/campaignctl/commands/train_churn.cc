#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/clock.h"
#include "common/status.h"
#include "tools/campaignctl/churn_trainer.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/purchases.h"

namespace campaign::ctl {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kUsualWindow = absl::Hours(90 * 24);
constexpr int kProfilesPerCall = 256;

// "1997-09-30", the end of that day, or RFC 3339.
absl::StatusOr<absl::Time> AsOf(const Arguments& arguments, absl::Time otherwise) {
  if (!arguments.Has("as_of")) return otherwise;
  const std::string text = arguments.Text("as_of");
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  if (absl::ParseTime("%Y-%m-%d", text, &time, &error)) return time + kDay;
  return UsageError(absl::StrCat("--as-of ", text, " is neither a day, such as 2026-06-15, nor a time"));
}

std::string DayText(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()); }

std::string BgNbdNotes(const BgNbdTraining& training, absl::Time as_of, absl::Duration held_out) {
  std::string text = absl::StrFormat(
      "# BG/NBD, fitted to %s customers, %s of them with repeat orders, until %s; log likelihood %.1f.\n",
      FormatCount(training.customers), FormatCount(training.repeaters), DayText(as_of), training.log_likelihood);
  if (training.check.has_value() && training.check->actual > 0) {
    const double actual = static_cast<double>(training.check->actual);
    absl::StrAppend(
        &text, absl::StrFormat("# Fitted without the last %s it expects %.0f orders in them; there were %s "
                               "(%+.1f %%).\n",
                               absl::StrCat(held_out / kDay, " days"), training.check->expected,
                               FormatCount(training.check->actual), 100 * (training.check->expected / actual - 1)));
  }
  if (!training.no_spend.empty()) return absl::StrCat(text, "# No order values: ", training.no_spend, ".\n");
  return text + absl::StrFormat("# Gamma-Gamma, fitted to the orders of %s customers; log likelihood %.1f.\n",
                                FormatCount(training.spend_customers), training.spend_log_likelihood);
}

nlohmann::ordered_json ConfigJson(const v1::ChurnConfig& config) {
  return nlohmann::ordered_json::parse(ToJson(config));
}

absl::Status PrintBgNbd(Context& context, const BgNbdTraining& training, absl::Time as_of, absl::Duration held_out) {
  if (!context.json()) {
    context.console.out << Printable(BgNbdNotes(training, as_of, held_out)) << ChurnYaml(training.config);
    return absl::OkStatus();
  }
  nlohmann::ordered_json json = {{"churn", ConfigJson(training.config)},
                                 {"customerCount", training.customers},
                                 {"repeaterCount", training.repeaters},
                                 {"logLikelihood", training.log_likelihood}};
  if (training.no_spend.empty()) {
    json["spendCustomerCount"] = training.spend_customers;
    json["spendLogLikelihood"] = training.spend_log_likelihood;
  }
  if (training.check.has_value()) {
    json["heldOut"] = {{"days", held_out / kDay},
                       {"expectedOrders", training.check->expected},
                       {"actualOrders", training.check->actual}};
  }
  context.console.out << json.dump(2) << "\n";
  return absl::OkStatus();
}

absl::Status TrainFromPurchases(Context& context, const ShopPurchases& shop, absl::Duration window) {
  ASSIGN_OR_RETURN(const absl::Time as_of, AsOf(context.arguments, shop.last_event));
  ASSIGN_OR_RETURN(const int64_t unit_days, context.arguments.Number("unit_days", 7, 1));
  ASSIGN_OR_RETURN(const BgNbdTraining training, TrainBgNbd(shop, as_of, static_cast<double>(unit_days), window));
  return PrintBgNbd(context, training, as_of, window);
}

// Whether the customer bought between `from`, exclusive, and `to`.
bool BoughtBetween(const CustomerPurchases& customer, absl::Time from, absl::Time to) {
  return std::any_of(customer.purchases.begin(), customer.purchases.end(),
                     [&](const auto& purchase) { return purchase.time > from && purchase.time <= to; });
}

// Adds the profiles of some customers as of `as_of`; who is not known is passed over.
absl::Status AddProfiles(Context& context, const std::vector<const CustomerPurchases*>& customers, absl::Time as_of,
                         absl::Duration window, LogisticTrainer& trainer) {
  v1::GetProfilesRequest request;
  *request.mutable_as_of() = ToTimestamp(as_of);
  for (const CustomerPurchases* customer : customers) request.add_customer_ids(customer->customer_id);
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.retrieval, &v1::Retrieval::Stub::GetProfiles, request));
  for (int i = 0; i < std::min(response.results_size(), request.customer_ids_size()); ++i) {
    if (!response.results(i).has_profile()) continue;
    trainer.Add(response.results(i).profile(), !BoughtBetween(*customers[i], as_of, as_of + window));
  }
  return absl::OkStatus();
}

absl::Status PrintLogistic(Context& context, const LogisticTrainer::Trained& trained, absl::Time as_of,
                           absl::Duration window) {
  if (context.json()) {
    const nlohmann::ordered_json json = {
        {"churn", ConfigJson(trained.config)}, {"customerCount", trained.customers},
        {"leftCount", trained.left},           {"areaUnderCurve", trained.area_under_curve},
        {"brierScore", trained.brier_score},   {"baseBrierScore", trained.base_brier_score}};
    context.console.out << json.dump(2) << "\n";
    return absl::OkStatus();
  }
  context.console.out << absl::StrFormat(
                             "# Logistic, fitted to %s customers as of %s, of whom %s bought nothing in the %d days "
                             "after.\n# On a fifth that was held out: AUC %.3f, Brier score %.4f (%.4f by the share "
                             "that left alone).\n",
                             FormatCount(trained.customers), DayText(as_of),
                             FormatShare(trained.left, trained.customers), window / kDay, trained.area_under_curve,
                             trained.brier_score, trained.base_brier_score)
                      << ChurnYaml(trained.config);
  return absl::OkStatus();
}

absl::Status TrainFromProfiles(Context& context, const ShopPurchases& shop, absl::Duration window) {
  ASSIGN_OR_RETURN(const absl::Time as_of, AsOf(context.arguments, shop.last_event - window));
  LogisticTrainer trainer;
  std::vector<const CustomerPurchases*> customers;
  for (const CustomerPurchases& customer : shop.customers) {
    if (customer.purchases[0].time > as_of) continue;
    customers.push_back(&customer);
    if (customers.size() < kProfilesPerCall) continue;
    RETURN_IF_ERROR(AddProfiles(context, customers, as_of, window, trainer));
    customers.clear();
  }
  if (!customers.empty()) RETURN_IF_ERROR(AddProfiles(context, customers, as_of, window, trainer));
  ASSIGN_OR_RETURN(const LogisticTrainer::Trained trained, trainer.Train());
  return PrintLogistic(context, trained, as_of, window);
}

absl::Status TrainChurn(Context& context) {
  ASSIGN_OR_RETURN(const absl::Duration window, context.arguments.Duration("window", kUsualWindow));
  if (window < kDay) return UsageError("--window is below a day");
  const std::string model = context.arguments.Text("model", "bg_nbd");
  if (model != "bg_nbd" && model != "logistic") {
    return UsageError(absl::StrCat("--model ", model, " is neither bg_nbd nor logistic"));
  }
  ASSIGN_OR_RETURN(const ShopPurchases shop, ReadPurchases(context.arguments.positional[0]));
  if (shop.unknown_customer_purchases > 0) {
    context.console.err << FormatCount(shop.unknown_customer_purchases)
                        << " purchases of customers that customers.jsonl does not know were left out.\n";
  }
  return model == "bg_nbd" ? TrainFromPurchases(context, shop, window) : TrainFromProfiles(context, shop, window);
}

constexpr char kDetails[] =
    "Reads customers.jsonl and events.jsonl of DIR, as import does, and prints the model for a campaign's file, with\n"
    "what it was fitted to. Nothing is applied.\n"
    "\n"
    "bg_nbd looks at the dates of orders alone: who is still a customer, and how many orders to expect. Where amounts\n"
    "allow it, Gamma-Gamma adds what they will be worth. Needs no server. It is checked against the last --window.\n"
    "\n"
    "logistic weighs features of the profiles against who bought nothing in the --window after. Retrieval must run "
    "and\n"
    "have imported DIR: it gives the profiles as they were then, with nothing later in them.";

}  // namespace

std::vector<Command> TrainChurnCommands() {
  return {{.name = "train churn",
           .arguments = "DIR",
           .least_arguments = 1,
           .most_arguments = 1,
           .summary = "learns from a shop's orders who leaves",
           .details = kDetails,
           .flags = {{"model", FlagSpec::kValue, "NAME", "bg_nbd or logistic; default bg_nbd"},
                     {"as_of", FlagSpec::kValue, "DAY",
                      "fit to what was known then; default: the last event, for logistic a window before"},
                     {"window", FlagSpec::kValue, "DURATION", "to check against, or to leave in; default 90d"},
                     {"unit_days", FlagSpec::kValue, "N", "bg_nbd's unit of time; default 7: weeks"}},
           .run = TrainChurn}};
}

}  // namespace campaign::ctl
