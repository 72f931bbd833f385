#include "services/generator/generator_service.h"

#include <utility>

#include "absl/time/time.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

// Of the caller's patience, for the answer's way back.
constexpr absl::Duration kAnswerTime = absl::Seconds(2);

bool MayAskModel(const v1::GenerateRequest& request, const MessageWriter& writer) {
  return !writer.brief().model().empty() && !request.templates_only() && !request.items().empty();
}

// A campaign that was applied while the model was known still has its templates.
void NoteUnknownModel(const v1::GenerateRequest& request, const MessageWriter& writer, v1::GenerateResponse& response) {
  for (int i = 0; i < request.items_size(); ++i) {
    v1::GenerateItemResult& result = *response.mutable_results(i);
    if (!result.has_message() || !writer.WantedFor(request.items(i)).any()) continue;
    NoteModelFailure({kModelUnavailable, "the generator has no model of that name"}, *result.mutable_message());
  }
}

}  // namespace

bool GeneratorService::KnowsModelOf(const MessageWriter& writer) const {
  return writer.brief().model().empty() || (model_ != nullptr && writer.brief().model() == model_->name());
}

absl::StatusOr<GeneratorService::Writer> GeneratorService::Write(const v1::GenerateRequest& request,
                                                                 v1::GenerateResponse& response) {
  RETURN_IF_ERROR(CheckLimits(request));
  ASSIGN_OR_RETURN(Writer writer, writers_.Get(request.config_version(), [&] {
    return MessageWriter::Compile(request.config(), request.campaign());
  }));
  if (request.items().empty() && !KnowsModelOf(*writer)) {
    return InvalidField("config.text_model.model", writer->brief().model(), "is no model that the generator knows");
  }
  for (const v1::GenerateItem& item : request.items()) writer->Write(item, *response.add_results());
  return writer;
}

grpc::ServerUnaryReactor* GeneratorService::Generate(grpc::CallbackServerContext* context,
                                                     const v1::GenerateRequest* request,
                                                     v1::GenerateResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Writer> writer = Write(*request, *response);
  if (!writer.ok()) {
    reactor->Finish(ToGrpcStatus(writer.status()));
    return reactor;
  }
  if (!MayAskModel(*request, **writer) || !KnowsModelOf(**writer)) {
    if (MayAskModel(*request, **writer)) NoteUnknownModel(*request, **writer, *response);
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  context->AddInitialMetadata(kModelAskedMetadata, "1");
  reactor->StartSendInitialMetadata();
  const absl::Time deadline = absl::FromChrono(context->deadline()) - kAnswerTime;
  model_->Rewrite(*request, *std::move(writer), deadline, *response, [reactor] { reactor->Finish(grpc::Status::OK); });
  return reactor;
}

}  // namespace campaign::generator
