#include "services/segmentation/segmentation_service.h"

#include "common/status.h"
#include "services/segmentation/rfm.h"

namespace campaign::segmentation {

SegmentationService::SegmentationService(const text::IntentModel& intents) : intents_(intents) {
  SetMessageAllocatorFor_Segment(&segment_allocator_);
}

grpc::ServerUnaryReactor* SegmentationService::Segment(grpc::CallbackServerContext* context,
                                                       const v1::SegmentRequest* request,
                                                       v1::SegmentResponse* response) {
  return Answer(context, request, response, [this](const auto& in, auto& out) { return Segment(in, out); });
}

absl::Status SegmentationService::Segment(const v1::SegmentRequest& request, v1::SegmentResponse& response) {
  RETURN_IF_ERROR(CheckCutoffs(request.rfm_cutoffs(), "rfm_cutoffs"));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Segmentor> segmentor,
                   segmentors_.Get(request.config_version(), [&] { return Segmentor::Compile(request.config()); }));
  response.mutable_results()->Reserve(request.items_size());
  for (const v1::SegmentItem& item : request.items()) {
    segmentor->Segment(item, request.rfm_cutoffs(), intents_, *response.add_results());
  }
  return absl::OkStatus();
}

}  // namespace campaign::segmentation
