#include "orchestrator/responses.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace campaign::orchestrator {
namespace {

int64_t SuccessCount(v1::ResponseKind reward, const v1::ReportRow& row) {
  switch (reward) {
    case v1::RESPONSE_KIND_OPENED:
      return row.opened_count();
    case v1::RESPONSE_KIND_CLICKED:
      return row.clicked_count();
    default:
      return row.converted_count();
  }
}

const v1::ReportRow* FindRow(const v1::GetReportResponse& report, const std::string& key) {
  const auto row = std::find_if(report.rows().begin(), report.rows().end(),
                                [&](const v1::ReportRow& one) { return one.key() == key; });
  return row == report.rows().end() ? nullptr : &*row;
}

}  // namespace

bool LearnsFromResponses(const v1::OfferConfig& config) {
  return std::any_of(config.experiments().begin(), config.experiments().end(),
                     [](const v1::Experiment& experiment) { return experiment.has_thompson_sampling(); });
}

VariantResponses ResponsesOf(const v1::OfferConfig& config, const v1::GetReportResponse& report) {
  VariantResponses all;
  for (const v1::Experiment& experiment : config.experiments()) {
    if (!experiment.has_thompson_sampling()) continue;
    for (const v1::Variant& variant : experiment.variants()) {
      const v1::ReportRow* row = FindRow(report, absl::StrCat(experiment.experiment_id(), "/", variant.variant_id()));
      if (row == nullptr) continue;
      v1::VariantResponses& responses = *all.Add();
      responses.set_experiment_id(experiment.experiment_id());
      responses.set_variant_id(variant.variant_id());
      responses.set_exposure_count(row->sent_count());
      responses.set_success_count(SuccessCount(experiment.thompson_sampling().reward(), *row));
    }
  }
  return all;
}

ActionResponses ActionResponsesOf(const v1::OfferConfig& config, const v1::GetReportResponse& report) {
  ActionResponses all;
  for (const v1::Action& action : config.actions()) {
    const v1::ReportRow* row = FindRow(report, action.action_id());
    if (row == nullptr) continue;
    v1::ActionResponses& responses = *all.Add();
    responses.set_action_id(action.action_id());
    responses.set_exposure_count(row->sent_count());
    responses.set_success_count(SuccessCount(config.arbitration().thompson_sampling().reward(), *row));
  }
  return all;
}

}  // namespace campaign::orchestrator
