#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

// What an entry can be about: the flag, and the field of a Suppression that it sets.
struct Target {
  const char* flag;
  const char* placeholder;
  const char* help;
  void (v1::Suppression::*set)(std::string&& value);
  const std::string& (v1::Suppression::*get)() const;
};

constexpr Target kTargets[] = {
    {"customer", "ID", "the customer", &v1::Suppression::set_customer_id<std::string>, &v1::Suppression::customer_id},
    {"address", "ADDRESS", "an address of any channel", &v1::Suppression::set_address<std::string>,
     &v1::Suppression::address},
    {"phone", "NUMBER", "a telephone number with its country code", &v1::Suppression::set_phone_number<std::string>,
     &v1::Suppression::phone_number},
    {"domain", "DOMAIN", "e-mail addresses of the domain and all below it", &v1::Suppression::set_domain<std::string>,
     &v1::Suppression::domain},
    {"device", "TOKEN", "a push token", &v1::Suppression::set_device<std::string>, &v1::Suppression::device},
};

// The entry that the flags describe.
absl::StatusOr<v1::Suppression> EntryOf(const Arguments& arguments) {
  v1::Suppression entry;
  int given = 0;
  for (const Target& target : kTargets) {
    if (!arguments.Has(target.flag)) continue;
    (entry.*target.set)(arguments.Text(target.flag));
    ++given;
  }
  if (given != 1) {
    return UsageError(
        "it wants one of --customer ID, --address ADDRESS, --phone NUMBER, --domain DOMAIN, --device TOKEN");
  }
  ASSIGN_OR_RETURN(const auto channel, EnumFlag<v1::Channel>(arguments, "channel"));
  ASSIGN_OR_RETURN(const auto message_class, EnumFlag<v1::MessageClass>(arguments, "class"));
  entry.set_channel(channel);
  entry.set_message_class(message_class);
  entry.set_brand(arguments.Text("brand"));
  return entry;
}

std::string TargetText(const v1::Suppression& entry) {
  for (const Target& target : kTargets) {
    const std::string& value = (entry.*target.get)();
    if (!value.empty()) return absl::StrCat(target.flag, " ", value);
  }
  return "";
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
  Table table({{"WHO"}, {"CHANNEL"}, {"BRAND"}, {"CLASS"}, {"REASON"}, {"SOURCE"}, {"ADDED"}});
  for (const v1::Suppression& entry : pages.merged.suppressions()) {
    table.AddRow({TargetText(entry), entry.channel() == v1::CHANNEL_UNSPECIFIED ? "all" : EnumText(entry.channel()),
                  entry.brand().empty() ? "all" : entry.brand(),
                  entry.message_class() == v1::MESSAGE_CLASS_UNSPECIFIED ? "all" : EnumText(entry.message_class()),
                  entry.reason(), entry.source(), FormatTime(entry.create_time())});
  }
  context.console.out << table.ToString();
  NoteMore(context.console, pages.has_more());
  return absl::OkStatus();
}

std::vector<FlagSpec> TargetFlags() {
  std::vector<FlagSpec> flags;
  for (const Target& target : kTargets) {
    flags.push_back({target.flag, FlagSpec::kValue, target.placeholder, target.help});
  }
  flags.push_back({"channel", FlagSpec::kValue, "CHANNEL", "on this channel alone: email, sms, push or chat"});
  flags.push_back({"brand", FlagSpec::kValue, "BRAND", "messages of this brand alone"});
  flags.push_back({"class", FlagSpec::kValue, "CLASS", "messages of this class alone: marketing or transactional"});
  return flags;
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
