#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

constexpr size_t kShortVersion = 12;

struct CampaignFile {
  std::string file;
  LoadedCampaign loaded;
};

// Reads every file before anything is applied. Reports each mistake.
absl::StatusOr<std::vector<CampaignFile>> LoadFiles(Context& context) {
  std::vector<CampaignFile> files;
  bool failed = false;
  for (const std::string& file : context.arguments.positional) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(file, context.console));
    files.push_back({file, LoadCampaign(text)});
    for (const LoadError& error : files.back().loaded.errors) {
      context.console.err << Printable(FormatLoadError(file, error)) << "\n";
      failed = true;
    }
  }
  if (failed) return AlreadyReported();
  return files;
}

// A server's "path: value bound" as a mistake in the file. False: the message has no path into the campaign.
bool LocateServerError(const absl::Status& status, const SourceLines& lines, LoadError* error) {
  const std::string message = ServerMessage(status);
  const size_t colon = message.find(": ");
  if (!absl::IsInvalidArgument(status) || colon == std::string::npos) return false;
  const std::string path = message.substr(0, colon);
  if (path != "campaign" && !absl::StartsWith(path, "campaign.")) return false;
  *error = {lines.Find(path), path, message.substr(colon + 2)};
  return true;
}

absl::Status ApplyFile(Context& context, const CampaignFile& file) {
  v1::ApplyCampaignRequest request;
  *request.mutable_campaign() = file.loaded.campaign;
  request.set_validate_only(context.arguments.Has("validate_only"));
  const auto response = Call(context.clients.orchestrator, &v1::Campaigns::Stub::ApplyCampaign, request);
  LoadError error;
  if (LocateServerError(response.status(), file.loaded.lines, &error)) {
    context.console.err << Printable(FormatLoadError(file.file, error)) << "\n";
    return AlreadyReported();
  }
  if (!response.ok()) return response.status();
  const v1::CampaignVersion& version = response->campaign_version();
  if (context.json()) {
    context.console.out << ToJson(*response, /*indented=*/false);
  } else {
    context.console.out << Printable(version.campaign().name()) << "  " << version.version().substr(0, kShortVersion)
                        << "  " << (response->changed() ? "changed" : "unchanged")
                        << (request.validate_only() ? " (validated only)" : "") << "\n";
  }
  return absl::OkStatus();
}

absl::Status Apply(Context& context) {
  ASSIGN_OR_RETURN(const std::vector<CampaignFile> files, LoadFiles(context));
  bool failed = false;
  for (const CampaignFile& file : files) {
    const absl::Status status = ApplyFile(context, file);
    // Mistakes of one file do not keep the others from being tried; a server that is away does.
    if (!status.ok() && !status.message().empty()) return status;
    failed = failed || !status.ok();
  }
  return failed ? AlreadyReported() : absl::OkStatus();
}

absl::Status ListCampaigns(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  ASSIGN_OR_RETURN(const auto pages, CallPages(context.clients.orchestrator, &v1::Campaigns::Stub::ListCampaigns,
                                               v1::ListCampaignsRequest(), limit, 200,
                                               [](const auto& response) { return response.campaign_versions_size(); }));
  if (context.json()) {
    context.console.out << ToJson(pages.merged);
    return absl::OkStatus();
  }
  Table table({{"CAMPAIGN"}, {"GOAL"}, {"VERSION"}, {"APPLIED"}, {"ACTIONS", Table::kRight}, {"DESCRIPTION"}});
  for (const v1::CampaignVersion& version : pages.merged.campaign_versions()) {
    const v1::Campaign& campaign = version.campaign();
    table.AddRow({campaign.name(), campaign.goal(), version.version().substr(0, kShortVersion),
                  FormatTime(version.apply_time()), FormatCount(campaign.offers().actions_size()),
                  campaign.description()});
  }
  context.console.out << table.ToString();
  NoteMore(context.console, pages.has_more());
  return absl::OkStatus();
}

std::string RouteText(const v1::Campaign& campaign) {
  if (campaign.route().empty()) return "the goal's own";
  return absl::StrJoin(campaign.route(), " > ", [](std::string* out, const v1::RouteStep& step) {
    absl::StrAppend(out, absl::AsciiStrToLower(EnumText(step.step())), step.has_when() ? " (where a rule holds)" : "");
  });
}

std::string ActionsTable(const v1::OfferConfig& offers) {
  Table table({{"ACTION"},
               {"KIND"},
               {"NAME"},
               {"PRICE", Table::kRight},
               {"DISCOUNT", Table::kRight},
               {"PROPENSITY", Table::kRight}});
  for (const v1::Action& action : offers.actions()) {
    table.AddRow({action.action_id(), EnumText(action.kind()), action.name(),
                  action.price_minor() == 0 ? "-" : FormatMoney(action.price_minor(), offers.currency_code()),
                  FormatBasisPoints(action.discount_bps()), absl::StrCat(action.propensity())});
  }
  return table.ToString();
}

absl::Status ShowCampaign(Context& context) {
  v1::GetCampaignRequest request;
  request.set_name(context.arguments.positional[0]);
  request.set_version(context.arguments.Text("version"));
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.orchestrator, &v1::Campaigns::Stub::GetCampaign, request));
  if (context.json()) {
    context.console.out << ToJson(response);
    return absl::OkStatus();
  }
  const v1::CampaignVersion& version = response.campaign_version();
  const v1::Campaign& campaign = version.campaign();
  context.console.out << "Campaign  " << Printable(campaign.name()) << "\n"
                      << "Goal      " << Printable(campaign.goal()) << "\n"
                      << "Version   " << Printable(version.version()) << "\n"
                      << "Applied   " << FormatTime(version.apply_time()) << "\n"
                      << "Route     " << RouteText(campaign) << "\n";
  if (!campaign.description().empty()) context.console.out << "\n" << Indent(campaign.description(), "");
  context.console.out << "\n" << ActionsTable(campaign.offers()) << "\n--json shows all of it.\n";
  return absl::OkStatus();
}

absl::Status Campaigns(Context& context) {
  return context.arguments.positional.empty() ? ListCampaigns(context) : ShowCampaign(context);
}

}  // namespace

std::vector<Command> CampaignCommands() {
  return {
      {"apply",
       "FILE...",
       1,
       kManyArguments,
       "stores campaigns from YAML files",
       "Every file is read before any is applied. Mistakes are named as FILE:LINE: field: what is wrong.\n"
       "Prints name, version, and whether that is a new version. - reads standard input.",
       {{"validate_only", FlagSpec::kSwitch, "", "check, store nothing"}},
       &Apply},
      {"campaigns",
       "[NAME]",
       0,
       1,
       "lists campaigns, or shows one",
       "",
       {LimitFlag(), {"version", FlagSpec::kValue, "HASH", "show this version (all 64 digits), not the newest"}},
       &Campaigns},
  };
}

}  // namespace campaign::ctl
