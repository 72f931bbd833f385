#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

// The channel whose dispatch is in doubt. Of one that was resolved before, so that it can be said again, the only one.
absl::StatusOr<v1::Channel> ChannelOf(Context& context, const std::string& customer_run_id) {
  ASSIGN_OR_RETURN(const auto channel, EnumFlag<v1::Channel>(context.arguments, "channel"));
  if (channel != v1::CHANNEL_UNSPECIFIED) return channel;
  v1::ListDeliveriesRequest request;
  request.set_customer_run_id(customer_run_id);
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.delivery, &v1::Delivery::Stub::ListDeliveries, request));
  for (const v1::Dispatch& dispatch : response.deliveries()) {
    if (dispatch.receipt().state() == v1::DELIVERY_STATE_UNKNOWN) return dispatch.receipt().channel();
  }
  if (response.deliveries_size() == 1) return response.deliveries(0).receipt().channel();
  if (response.deliveries().empty()) {
    return absl::NotFoundError(absl::StrCat("nothing was handed to delivery for customer run ", customer_run_id));
  }
  return UsageError("it was handed over on several channels, none in doubt: say --channel CHANNEL");
}

absl::Status Resolve(Context& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.Has("sent") == arguments.Has("not_sent"))
    return UsageError("resolve wants one of --sent and --not_sent");
  v1::ResolveUnknownRequest request;
  request.set_customer_run_id(arguments.positional[0]);
  request.set_resolved_by(arguments.Text("by", context.console.user));
  if (request.resolved_by().empty()) return UsageError("it wants --by NAME, as $USER is not set");
  request.set_resolution(arguments.Has("sent") ? v1::UNKNOWN_RESOLUTION_SENT : v1::UNKNOWN_RESOLUTION_NOT_SENT);
  request.set_comment(arguments.Text("comment"));
  ASSIGN_OR_RETURN(const v1::Channel channel, ChannelOf(context, request.customer_run_id()));
  request.set_channel(channel);
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.delivery, &v1::Delivery::Stub::ResolveUnknown, request));
  if (context.json()) {
    context.console.out << ToJson(response);
    return absl::OkStatus();
  }
  context.console.out << Printable(request.customer_run_id()) << " on " << EnumText(channel) << " is now "
                      << EnumText(response.receipt().state()) << "; its run goes on by itself\n";
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> ResolveCommands() {
  return {
      {"resolve",
       "CUSTOMER_RUN",
       1,
       1,
       "says what became of a message of which nobody knew",
       "A provider fell silent after it had the message: 'deliveries --state unknown' lists those. Ask the provider,\n"
       "or look into its log, then say --sent or --not_sent. What was not sent is checked by compliance again and "
       "sent.",
       {{"sent", FlagSpec::kSwitch, "", "it went out"},
        {"not_sent", FlagSpec::kSwitch, "", "it definitely did not: it may be sent again"},
        {"comment", FlagSpec::kValue, "TEXT", "how you know; kept in the ledger"},
        {"channel", FlagSpec::kValue, "CHANNEL", "where a customer run has several dispatches"},
        {"by", FlagSpec::kValue, "NAME", "who says so; default $USER"}},
       &Resolve}};
}

}  // namespace campaign::ctl
