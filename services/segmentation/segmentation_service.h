#pragma once

#include "absl/status/status.h"
#include "campaign/v1/segmentation.grpc.pb.h"
#include "common/config_cache.h"
#include "common/text/intent_model.h"
#include "common/unary.h"
#include "services/segmentation/segmentor.h"

namespace campaign::segmentation {

// campaign.v1.Segmentation. Stateless but for the campaigns it has compiled. Thread-safe. `intents` must outlive it.
class SegmentationService final : public v1::Segmentation::CallbackService {
 public:
  explicit SegmentationService(const text::IntentModel& intents);

  grpc::ServerUnaryReactor* Segment(grpc::CallbackServerContext* context, const v1::SegmentRequest* request,
                                    v1::SegmentResponse* response) override;

 private:
  // INVALID_ARGUMENT: config or rfm_cutoffs.
  absl::Status Segment(const v1::SegmentRequest& request, v1::SegmentResponse& response);

  const text::IntentModel& intents_;
  ConfigCache<Segmentor> segmentors_;
  ArenaAllocator<v1::SegmentRequest, v1::SegmentResponse> segment_allocator_;
};

}  // namespace campaign::segmentation
