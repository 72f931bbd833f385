#pragma once

#include "absl/status/status.h"
#include "campaign/v1/generator.grpc.pb.h"
#include "common/config_cache.h"
#include "common/unary.h"
#include "services/generator/message_writer.h"

namespace campaign::generator {

// Writes messages over gRPC. Thread-safe.
class GeneratorService final : public v1::Generator::CallbackService {
 public:
  GeneratorService() { SetMessageAllocatorFor_Generate(&generate_allocator_); }

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context, const v1::GenerateRequest* request,
                                     v1::GenerateResponse* response) override;

 private:
  absl::Status Write(const v1::GenerateRequest& request, v1::GenerateResponse& response);

  ConfigCache<MessageWriter> writers_;
  ArenaAllocator<v1::GenerateRequest, v1::GenerateResponse> generate_allocator_;
};

}  // namespace campaign::generator
