#include "services/generator/generator_service.h"

#include "common/status.h"

namespace campaign::generator {

grpc::ServerUnaryReactor* GeneratorService::Generate(grpc::CallbackServerContext* context,
                                                     const v1::GenerateRequest* request,
                                                     v1::GenerateResponse* response) {
  return Answer(context, request, response, [this](const auto& req, auto& res) { return Write(req, res); });
}

absl::Status GeneratorService::Write(const v1::GenerateRequest& request, v1::GenerateResponse& response) {
  ASSIGN_OR_RETURN(const auto writer, writers_.Get(request.config_version(), [&] {
    return MessageWriter::Compile(request.config(), request.campaign());
  }));
  for (const v1::GenerateItem& item : request.items()) writer->Write(item, *response.add_results());
  return absl::OkStatus();
}

}  // namespace campaign::generator
