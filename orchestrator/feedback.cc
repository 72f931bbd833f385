#include "orchestrator/feedback.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/log.h"
#include "common/status.h"
#include "orchestrator/feedback_store.h"
#include "orchestrator/names.h"
#include "orchestrator/run_store.h"

namespace campaign::orchestrator {
namespace {

constexpr int kPage = 500;

// What compliance does with it.
enum class Effect { kNone, kSuppress, kReply };

Effect EffectOf(const v1::Feedback& feedback) {
  switch (feedback.kind()) {
    case v1::FEEDBACK_KIND_HARD_BOUNCE:
    case v1::FEEDBACK_KIND_COMPLAINT:
    case v1::FEEDBACK_KIND_UNSUBSCRIBED:
      return feedback.address().empty() ? Effect::kNone : Effect::kSuppress;
    case v1::FEEDBACK_KIND_REPLIED:
      return feedback.address().empty() ? Effect::kNone : Effect::kReply;
    default:
      return Effect::kNone;
  }
}

// What the customer did, where it is known which message it is about.
v1::ResponseKind ResponseOf(const v1::Feedback& feedback) {
  if (feedback.customer_run_id().empty()) return v1::RESPONSE_KIND_UNSPECIFIED;
  switch (feedback.kind()) {
    case v1::FEEDBACK_KIND_OPENED:
      return v1::RESPONSE_KIND_OPENED;
    case v1::FEEDBACK_KIND_CLICKED:
      return v1::RESPONSE_KIND_CLICKED;
    case v1::FEEDBACK_KIND_COMPLAINT:
      return v1::RESPONSE_KIND_COMPLAINED;
    case v1::FEEDBACK_KIND_UNSUBSCRIBED:
      return v1::RESPONSE_KIND_UNSUBSCRIBED;
    default:
      return v1::RESPONSE_KIND_UNSPECIFIED;
  }
}

// A bounce and a complaint are about the address, whoever writes to it. Who unsubscribes by e-mail leaves a brand's
// marketing, not the confirmation of their orders; by SMS the carrier lets nothing through any more.
v1::Suppression SuppressionOf(const v1::Feedback& feedback) {
  v1::Suppression suppression;
  suppression.set_address(feedback.address());
  suppression.set_channel(feedback.channel());
  suppression.set_source(absl::StrCat("feedback:", feedback.provider()));
  if (feedback.kind() == v1::FEEDBACK_KIND_HARD_BOUNCE) {
    suppression.set_reason("hard bounce");
  } else if (feedback.kind() == v1::FEEDBACK_KIND_COMPLAINT) {
    suppression.set_reason("complaint");
  } else {
    suppression.set_reason("unsubscribed");
    suppression.set_brand(feedback.brand());
    if (feedback.channel() == v1::CHANNEL_EMAIL) suppression.set_message_class(v1::MESSAGE_CLASS_MARKETING);
  }
  return suppression;
}

v1::Reply ReplyOf(const v1::Feedback& feedback) {
  v1::Reply reply;
  reply.set_reply_id(feedback.event_id());
  reply.set_channel(feedback.channel());
  reply.set_address(feedback.address());
  reply.set_text(feedback.text());
  reply.set_brand(feedback.brand());
  *reply.mutable_reply_time() = feedback.event_time();
  return reply;
}

// Whether the service will never take it: asking again would change nothing.
bool IsPoison(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status) ||
         absl::IsOutOfRange(status) || absl::IsAlreadyExists(status);
}

// All at once; each by itself where one of them is refused, so that it stops no other.
template <class Send>
absl::Status SendAll(absl::string_view to, absl::Span<const v1::Feedback* const> items, Send send) {
  if (items.empty()) return absl::OkStatus();
  const absl::Status status = send(items);
  if (!IsPoison(status)) return status;
  if (items.size() == 1) {
    LOG(ERROR) << "feedback " << items[0]->feedback_id() << ", " << v1::FeedbackKind_Name(items[0]->kind()) << " of "
               << items[0]->provider() << ", is passed by: " << to << " refuses it with "
               << absl::StatusCodeToString(status.code());
    return absl::OkStatus();
  }
  for (size_t i = 0; i < items.size(); ++i) RETURN_IF_ERROR(SendAll(to, items.subspan(i, 1), send));
  return absl::OkStatus();
}

// How many from `begin` on may go to compliance in one call: what suppresses and what a customer writes may undo each
// other, so their order counts.
size_t SliceLength(absl::Span<const v1::Feedback* const> page) {
  Effect effect = Effect::kNone;
  for (size_t i = 0; i < page.size(); ++i) {
    const Effect one = EffectOf(*page[i]);
    if (one == Effect::kNone || one == effect) continue;
    if (effect != Effect::kNone) return i;
    effect = one;
  }
  return page.size();
}

}  // namespace

FeedbackForwarder::FeedbackForwarder(Database& database, const Steps::Targets& targets)
    : database_(database),
      delivery_(v1::Delivery::NewStub(MakeChannel(targets.delivery))),
      compliance_(v1::Compliance::NewStub(MakeChannel(targets.compliance))),
      analytics_(v1::Analytics::NewStub(MakeChannel(targets.analytics))),
      retrieval_(v1::Retrieval::NewStub(MakeChannel(targets.retrieval))) {}

absl::StatusOr<bool> FeedbackForwarder::Forward() {
  v1::ListFeedbackRequest request;
  RETURN_IF_ERROR(database_.Read([&](Connection& connection) {
    request.set_after_feedback_id(FeedbackStore(connection).Cursor());
    return absl::OkStatus();
  }));
  request.set_page_size(kPage);
  v1::ListFeedbackResponse response;
  RETURN_IF_ERROR(calls_.Call(Steps::kDeadline,
                              [&](auto* context) { return delivery_->ListFeedback(context, request, &response); }));
  Items left(response.feedback().data(), response.feedback_size());
  while (!left.empty()) {
    const Items slice = left.first(SliceLength(left));
    RETURN_IF_ERROR(ForwardSlice(slice));
    RETURN_IF_ERROR(database_.Write([&](Connection& connection) {
      FeedbackStore(connection).SetCursor(slice.back()->feedback_id());
      return absl::OkStatus();
    }));
    left.remove_prefix(slice.size());
  }
  return response.feedback_size() == kPage;
}

absl::Status FeedbackForwarder::ForwardSlice(Items slice) {
  std::vector<const v1::Feedback*> suppressing, replies, responses;
  for (const v1::Feedback* feedback : slice) {
    if (EffectOf(*feedback) == Effect::kSuppress) suppressing.push_back(feedback);
    if (EffectOf(*feedback) == Effect::kReply) replies.push_back(feedback);
    if (ResponseOf(*feedback) != v1::RESPONSE_KIND_UNSPECIFIED) responses.push_back(feedback);
  }
  RETURN_IF_ERROR(SendAll("compliance", suppressing, [this](Items items) { return Suppress(items); }));
  RETURN_IF_ERROR(SendAll("compliance", replies, [this](Items items) { return RecordReplies(items); }));
  RETURN_IF_ERROR(SendAll("analytics", responses, [this](Items items) { return RecordResponses(items); }));
  return SendAll("retrieval", responses, [this](Items items) { return RecordEvents(items); });
}

absl::Status FeedbackForwarder::Suppress(Items items) {
  v1::AddSuppressionsRequest request;
  for (const v1::Feedback* feedback : items) *request.add_suppressions() = SuppressionOf(*feedback);
  v1::AddSuppressionsResponse response;
  return calls_.Call(Steps::kDeadline,
                     [&](auto* context) { return compliance_->AddSuppressions(context, request, &response); });
}

absl::Status FeedbackForwarder::RecordReplies(Items items) {
  v1::RecordRepliesRequest request;
  for (const v1::Feedback* feedback : items) *request.add_replies() = ReplyOf(*feedback);
  v1::RecordRepliesResponse response;
  return calls_.Call(Steps::kDeadline,
                     [&](auto* context) { return compliance_->RecordReplies(context, request, &response); });
}

absl::Status FeedbackForwarder::RecordResponses(Items items) {
  v1::RecordResponsesRequest request;
  for (const v1::Feedback* feedback : items) {
    v1::Response& added = *request.add_responses();
    added.set_response_id(feedback->event_id());
    added.set_customer_run_id(feedback->customer_run_id());
    added.set_kind(ResponseOf(*feedback));
    *added.mutable_response_time() = feedback->event_time();
  }
  v1::RecordResponsesResponse response;
  RETURN_IF_ERROR(calls_.Call(Steps::kDeadline,
                              [&](auto* context) { return analytics_->RecordResponses(context, request, &response); }));
  for (const v1::RefusedResponse& refused : response.refused()) RETURN_IF_ERROR(CheckRefused(refused, items));
  return absl::OkStatus();
}

// Somebody may open a message before analytics has heard that it went out.
absl::Status FeedbackForwarder::CheckRefused(const v1::RefusedResponse& refused, Items items) {
  const auto about = std::find_if(items.begin(), items.end(), [&](const v1::Feedback* feedback) {
    return feedback->event_id() == refused.response_id();
  });
  const auto name = about == items.end() ? absl::nullopt : ParseCustomerRunName((*about)->customer_run_id());
  bool on_its_way = false;
  RETURN_IF_ERROR(database_.Read([&](Connection& connection) {
    RunStore store(connection);
    const auto run = name.has_value() ? store.FindRun(name->first) : absl::nullopt;
    const auto row = run.has_value() ? store.FindCustomerRun(CustomerRunKey(run->number, name->second)) : absl::nullopt;
    on_its_way = row.has_value() && row->state == v1::CUSTOMER_RUN_STATE_RUNNING;
    return absl::OkStatus();
  }));
  if (on_its_way) return absl::UnavailableError("a response is about a customer run that analytics does not know yet");
  LOG(WARNING) << "response " << refused.response_id() << " is passed by: analytics refuses it with "
               << refused.error().reason();
  return absl::OkStatus();
}

absl::Status FeedbackForwarder::RecordEvents(Items items) {
  v1::RecordEventsRequest request;
  for (const v1::Feedback* feedback : items) {
    if (feedback->customer_id().empty()) continue;
    v1::Event& event = *request.add_events();
    event.set_event_id(feedback->event_id());
    event.set_customer_id(feedback->customer_id());
    *event.mutable_event_time() = feedback->event_time();
    event.mutable_message_response()->set_customer_run_id(feedback->customer_run_id());
    event.mutable_message_response()->set_kind(ResponseOf(*feedback));
  }
  if (request.events().empty()) return absl::OkStatus();
  v1::RecordEventsResponse response;
  return calls_.Call(Steps::kDeadline, [&](auto* context) {
    const auto writer = retrieval_->RecordEvents(context, &response);
    writer->WriteLast(request, grpc::WriteOptions());
    return writer->Finish();
  });
}

}  // namespace campaign::orchestrator
