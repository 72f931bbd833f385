#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

// The entry that the flags describe.
absl::StatusOr<v1::Suppression> EntryOf(const Arguments& arguments) {
  if (arguments.Has("customer") == arguments.Has("address")) {
    return UsageError("it wants one of --customer ID and --address ADDRESS");
  }
  v1::Suppression entry;
  if (arguments.Has("customer")) {
    entry.set_customer_id(arguments.Text("customer"));
  } else {
    entry.set_address(arguments.Text("address"));
  }
  ASSIGN_OR_RETURN(const auto channel, EnumFlag<v1::Channel>(arguments, "channel"));
  entry.set_channel(channel);
  return entry;
}

absl::Status Add(Context& context) {
  ASSIGN_OR_RETURN(v1::Suppression entry, EntryOf(context.arguments));
  entry.set_reason(context.arguments.Text("reason"));
  entry.set_source(absl::StrCat("campaignctl", context.console.user.empty() ? "" : " ", context.console.user));
  v1::AddSuppressionsRequest request;
  *request.add_suppressions() = std::move(entry);
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.clients.compliance, &v1::Compliance::Stub::AddSuppressions, request));
  context.console.out << (context.json()               ? ToJson(response)
                          : response.added_count() > 0 ? "added\n"
                                                       : "was on the list already\n");
  return absl::OkStatus();
}

absl::Status Remove(Context& context) {
  v1::RemoveSuppressionsRequest request;
  ASSIGN_OR_RETURN(*request.add_suppressions(), EntryOf(context.arguments));
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.clients.compliance, &v1::Compliance::Stub::RemoveSuppressions, request));
  context.console.out << (context.json()                 ? ToJson(response)
                          : response.removed_count() > 0 ? "removed\n"
                                                         : "was not on the list\n");
  return absl::OkStatus();
}

absl::Status List(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  ASSIGN_OR_RETURN(const auto pages, CallPages(context.clients.compliance, &v1::Compliance::Stub::ListSuppressions,
                                               v1::ListSuppressionsRequest(), limit, 1000,
                                               [](const auto& response) { return response.suppressions_size(); }));
  if (context.json()) {
    context.console.out << ToJson(pages.merged);
    return absl::OkStatus();
  }
  Table table({{"CUSTOMER"}, {"ADDRESS"}, {"CHANNEL"}, {"REASON"}, {"SOURCE"}, {"ADDED"}});
  for (const v1::Suppression& entry : pages.merged.suppressions()) {
    table.AddRow({entry.customer_id(), entry.address(),
                  entry.channel() == v1::CHANNEL_UNSPECIFIED ? "all" : EnumText(entry.channel()), entry.reason(),
                  entry.source(), FormatTime(entry.create_time())});
  }
  context.console.out << table.ToString();
  NoteMore(context.console, pages.has_more());
  return absl::OkStatus();
}

std::vector<FlagSpec> TargetFlags() {
  return {{"customer", FlagSpec::kValue, "ID", "the customer"},
          {"address", FlagSpec::kValue, "ADDRESS", "the e-mail address, number, push token or chat id"},
          {"channel", FlagSpec::kValue, "CHANNEL", "on this channel alone: email, sms, push or chat"}};
}

}  // namespace

std::vector<Command> SuppressionCommands() {
  std::vector<FlagSpec> add_flags = TargetFlags();
  add_flags.push_back({"reason", FlagSpec::kValue, "TEXT", "why"});
  return {
      {"suppress add", "", 0, 0, "stops all contact with a customer or address", "", add_flags, &Add},
      {"suppress remove", "", 0, 0, "takes an entry off the suppression list", "", TargetFlags(), &Remove},
      {"suppress list", "", 0, 0, "shows the suppression list", "", {LimitFlag()}, &List},
  };
}

}  // namespace campaign::ctl
