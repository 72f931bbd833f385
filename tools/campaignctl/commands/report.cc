#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

constexpr Table::Align kRight = Table::kRight;

// Runs that ended before there was a segment, offer or channel have an empty key.
std::string KeyOf(const v1::ReportRow& row) { return row.key().empty() ? "(none)" : row.key(); }

std::string RevenueText(const v1::ReportRow& row) {
  if (row.revenue().empty()) return "-";
  return absl::StrJoin(row.revenue(), ", ", [](std::string* out, const v1::Money& money) {
    absl::StrAppend(out, FormatMoney(money.minor_units(), money.currency_code()));
  });
}

std::string ReportTable(v1::ReportDimension dimension, const v1::GetReportResponse& report) {
  Table table({{EnumText(dimension)},
               {"RUNS", kRight},
               {"SENT", kRight},
               {"HELD OUT", kRight},
               {"NO ACTION", kRight},
               {"SUPPRESSED", kRight},
               {"OTHER", kRight},
               {"OPENED", kRight},
               {"CLICKED", kRight},
               {"CONVERTED", kRight},
               {"OF SENT", kRight},
               {"COMPLAINED", kRight},
               {"REVENUE", kRight}});
  for (const v1::ReportRow& row : report.rows()) {
    table.AddRow(
        {KeyOf(row), FormatCount(row.run_count()), FormatCount(row.sent_count()), FormatCount(row.held_out_count()),
         FormatCount(row.no_action_count()), FormatCount(row.suppressed_count()), FormatCount(row.other_count()),
         FormatCount(row.opened_count()), FormatCount(row.clicked_count()), FormatCount(row.converted_count()),
         FormatShare(row.converted_count(), row.sent_count()), FormatCount(row.complained_count()), RevenueText(row)});
  }
  return table.ToString();
}

// Why messages were suppressed, most frequent reason first; empty where none was.
std::string SuppressionTable(v1::ReportDimension dimension, const v1::GetReportResponse& report) {
  Table table({{EnumText(dimension)}, {"SUPPRESSED BECAUSE"}, {"RUNS", kRight}});
  for (const v1::ReportRow& row : report.rows()) {
    std::vector<v1::NamedCount> reasons(row.suppressed_by_reason().begin(), row.suppressed_by_reason().end());
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const auto& a, const auto& b) { return a.count() > b.count(); });
    for (const v1::NamedCount& reason : reasons) {
      table.AddRow({KeyOf(row), reason.name(), FormatCount(reason.count())});
    }
  }
  return table.empty() ? "" : "\n" + table.ToString();
}

absl::Status Report(Context& context) {
  ASSIGN_OR_RETURN(auto dimension, EnumFlag<v1::ReportDimension>(context.arguments, "by"));
  if (dimension == v1::REPORT_DIMENSION_UNSPECIFIED) dimension = v1::REPORT_DIMENSION_CAMPAIGN;
  v1::GetReportRequest request;
  request.set_campaign(context.arguments.Text("campaign"));
  request.set_campaign_run_id(context.arguments.Text("run"));
  request.set_dimension(dimension);
  ASSIGN_OR_RETURN(const auto report, Call(context.clients.analytics, &v1::Analytics::Stub::GetReport, request));
  if (context.json()) {
    context.console.out << ToJson(report);
  } else if (report.rows().empty()) {
    context.console.out << "No customer runs are recorded for this.\n";
  } else {
    context.console.out << ReportTable(dimension, report) << SuppressionTable(dimension, report);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> ReportCommands() {
  return {{"report",
           "",
           0,
           0,
           "counts what was sent, withheld and won",
           "CONVERTED, OPENED, CLICKED and COMPLAINED count customer runs with at least one such response.\n"
           "A run that was suppressed for several reasons counts under each of them.",
           {{"campaign", FlagSpec::kValue, "NAME", "only this campaign"},
            {"run", FlagSpec::kValue, "RUN", "only this run"},
            {"by", FlagSpec::kValue, "DIMENSION", "campaign (default), segment, offer, variant or channel"}},
           &Report}};
}

}  // namespace campaign::ctl
