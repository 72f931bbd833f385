#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "campaign/v1/generator.grpc.pb.h"
#include "common/config_cache.h"
#include "common/unary.h"
#include "services/generator/message_writer.h"
#include "services/generator/model_writing.h"

namespace campaign::generator {

// Initial metadata of an answer for which a language model is asked. It goes out before the first question: a caller
// whose call breaks off without it knows that nothing was spent, and gRPC does not try a call again whose answer has
// begun, so that nothing is asked and paid for twice.
inline constexpr char kModelAskedMetadata[] = "text-model-asked";

// Writes messages over gRPC. Thread-safe.
class GeneratorService final : public v1::Generator::CallbackService {
 public:
  // `model`, if there is one, must outlive the server's calls.
  explicit GeneratorService(ModelWriting* model = nullptr) : model_(model) {
    SetMessageAllocatorFor_Generate(&generate_allocator_);
  }

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context, const v1::GenerateRequest* request,
                                     v1::GenerateResponse* response) override;

 private:
  using Writer = std::shared_ptr<const MessageWriter>;

  // By the templates.
  absl::StatusOr<Writer> Write(const v1::GenerateRequest& request, v1::GenerateResponse& response);
  bool KnowsModelOf(const MessageWriter& writer) const;

  ModelWriting* const model_;
  ConfigCache<MessageWriter> writers_;
  ArenaAllocator<v1::GenerateRequest, v1::GenerateResponse> generate_allocator_;
};

}  // namespace campaign::generator
