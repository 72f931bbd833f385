#include "services/analytics/report.h"

#include <map>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "services/analytics/name_set.h"

namespace campaign::analytics {
namespace {

// One row while it is counted.
struct Row {
  v1::ReportRow counts;
  std::map<std::string, int64_t> suppressed_by_reason;
  std::map<std::string, int64_t> revenue;  // By currency.
};

// "email", "sms", "push", "chat"; empty where the run came to no channel.
std::string ChannelName(int64_t channel) {
  switch (channel) {
    case v1::CHANNEL_EMAIL:
      return "email";
    case v1::CHANNEL_SMS:
      return "sms";
    case v1::CHANNEL_PUSH:
      return "push";
    case v1::CHANNEL_CHAT:
      return "chat";
    default:
      return "";
  }
}

void CountState(const RecordGroup& group, v1::ReportRow& row) {
  row.set_run_count(row.run_count() + group.count);
  switch (group.state) {
    case v1::CUSTOMER_RUN_STATE_DELIVERED:
      return row.set_sent_count(row.sent_count() + group.count);
    case v1::CUSTOMER_RUN_STATE_HELD_OUT:
      return row.set_held_out_count(row.held_out_count() + group.count);
    case v1::CUSTOMER_RUN_STATE_NO_ACTION:
      return row.set_no_action_count(row.no_action_count() + group.count);
    case v1::CUSTOMER_RUN_STATE_SUPPRESSED:
      return row.set_suppressed_count(row.suppressed_count() + group.count);
    default:
      return row.set_other_count(row.other_count() + group.count);
  }
}

void CountResponses(const RecordGroup& group, v1::ReportRow& row) {
  const auto count_if = [&](v1::ResponseKind kind) { return (group.responses >> kind & 1) * group.count; };
  row.set_opened_count(row.opened_count() + count_if(v1::RESPONSE_KIND_OPENED));
  row.set_clicked_count(row.clicked_count() + count_if(v1::RESPONSE_KIND_CLICKED));
  row.set_converted_count(row.converted_count() + count_if(v1::RESPONSE_KIND_CONVERTED));
  row.set_complained_count(row.complained_count() + count_if(v1::RESPONSE_KIND_COMPLAINED));
}

class ReportMaker {
 public:
  ReportMaker(AnalyticsStore& store, v1::ReportDimension dimension) : store_(store), dimension_(dimension) {}

  // Groups are kept until all are read: to look up a name is a statement of its own.
  void Count(const RecordFilter& filter) {
    std::vector<RecordGroup> records;
    store_.GroupRecords(dimension_, filter, [&](const RecordGroup& group) { records.push_back(group); });
    for (const RecordGroup& group : records) Add(group);
    std::vector<RevenueGroup> revenue;
    store_.GroupRevenue(dimension_, filter, [&](const RevenueGroup& group) { revenue.push_back(group); });
    for (const RevenueGroup& group : revenue) {
      for (const std::string& key : KeysOf(group.key_id)) {
        rows_[key].revenue[store_.NameOf(group.currency_id)] += group.minor_units;
      }
    }
  }

  void Fill(v1::GetReportResponse& response) {
    for (auto& [key, row] : rows_) {
      v1::ReportRow& filled = *response.add_rows();
      filled = row.counts;
      filled.set_key(key);
      for (const auto& [reason, count] : row.suppressed_by_reason) {
        v1::NamedCount& named = *filled.add_suppressed_by_reason();
        named.set_name(reason);
        named.set_count(count);
      }
      for (const auto& [currency, minor_units] : row.revenue) {
        v1::Money& money = *filled.add_revenue();
        money.set_currency_code(currency);
        money.set_minor_units(minor_units);
      }
    }
  }

 private:
  void Add(const RecordGroup& group) {
    const bool suppressed = group.state == v1::CUSTOMER_RUN_STATE_SUPPRESSED;
    for (const std::string& key : KeysOf(group.key_id)) {
      Row& row = rows_[key];
      CountState(group, row.counts);
      CountResponses(group, row.counts);
      if (!suppressed) continue;
      for (const std::string& reason : SplitNames(store_.NameOf(group.reasons_id))) {
        row.suppressed_by_reason[reason] += group.count;
      }
    }
  }

  // The rows that a group counts in.
  std::vector<std::string> KeysOf(int64_t key_id) {
    if (dimension_ == v1::REPORT_DIMENSION_CHANNEL) return {ChannelName(key_id)};
    if (dimension_ == v1::REPORT_DIMENSION_VARIANT) return SplitNames(store_.NameOf(key_id));
    return {store_.NameOf(key_id)};
  }

  AnalyticsStore& store_;
  const v1::ReportDimension dimension_;
  std::map<std::string, Row> rows_;
};

}  // namespace

void MakeReport(AnalyticsStore& store, const v1::GetReportRequest& request, v1::GetReportResponse& response) {
  RecordFilter filter;
  if (!request.campaign().empty()) {
    filter.campaign_id = store.FindName(request.campaign());
    if (!filter.campaign_id.has_value()) return;
  }
  if (!request.campaign_run_id().empty()) {
    filter.campaign_run_id = store.FindName(request.campaign_run_id());
    if (!filter.campaign_run_id.has_value()) return;
  }
  const bool unset = request.dimension() == v1::REPORT_DIMENSION_UNSPECIFIED;
  ReportMaker maker(store, unset ? v1::REPORT_DIMENSION_CAMPAIGN : request.dimension());
  maker.Count(filter);
  maker.Fill(response);
}

}  // namespace campaign::analytics
