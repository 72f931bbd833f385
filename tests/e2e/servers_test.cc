// What every server does alike: health, reflection, and limits on whatever a request can carry.

#include <grpcpp/generic/generic_stub.h>

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "campaign/v1/limits.pb.h"
#include "common/channel.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using ::campaign::testing::StatusIs;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One call of a method that this program has no stub for; bytes in, bytes out. One message each way also makes a whole
// streaming call.
std::string CallBytes(const std::string& address, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(MakeChannel(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  absl::Notification done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &sent, &received, [&](const grpc::Status& status) {
    EXPECT_TRUE(status.ok()) << address << " " << method << ": " << status.error_message();
    done.Notify();
  });
  done.WaitForNotification();
  grpc::Slice whole;
  if (!received.DumpToSingleSlice(&whole).ok()) return "";
  return std::string(reinterpret_cast<const char*>(whole.begin()), whole.size());
}

TEST(Servers, AllSayThatTheyServe) {
  System system;
  ASSERT_EQ(system.addresses().size(), 8);
  for (const auto& [service, address] : system.addresses()) {
    // HealthCheckRequest{service: ""} is no bytes at all; the answer is HealthCheckResponse{status: SERVING}.
    EXPECT_EQ(CallBytes(address, "/grpc.health.v1.Health/Check", ""), "\x08\x01") << service;
  }
}

TEST(Servers, AllNameTheirServicesToWhoeverAsks) {
  System system;
  for (const auto& [service, address] : system.addresses()) {
    // ServerReflectionRequest{list_services: "*"}.
    const std::string names =
        CallBytes(address, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
    EXPECT_THAT(names, HasSubstr(service));
    EXPECT_THAT(names, HasSubstr("grpc.health.v1.Health"));
  }
}

std::vector<const ServiceDescriptor*> AllServices() {
  std::vector<const ServiceDescriptor*> services;
  for (const auto& entry : std::filesystem::directory_iterator(CAMPAIGN_PROTOS)) {
    const FileDescriptor* file =
        DescriptorPool::generated_pool()->FindFileByName("campaign/v1/" + entry.path().filename().string());
    EXPECT_NE(file, nullptr) << entry.path();
    for (int i = 0; file != nullptr && i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

// Adds to `unlimited` every string, bytes or repeated field of our own below `type` that has no bound.
void FindUnlimited(const Descriptor* type, std::set<const Descriptor*>& seen, std::set<std::string>& unlimited) {
  if (type->file()->package() != "campaign.v1" || !seen.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    const v1::Limit& limit = field->options().GetExtension(v1::limit);
    if ((text || field->is_repeated()) && !limit.has_max()) unlimited.insert(field->full_name());
    if (text && field->is_repeated() && !limit.has_max_item_bytes()) unlimited.insert(field->full_name());
    if (field->message_type() != nullptr) FindUnlimited(field->message_type(), seen, unlimited);
  }
}

TEST(Limits, BoundEveryFieldThatARequestCanCarry) {
  const std::vector<const ServiceDescriptor*> services = AllServices();
  EXPECT_EQ(services.size(), 10);
  std::set<const Descriptor*> seen;
  std::set<std::string> unlimited;
  for (const ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) FindUnlimited(service->method(i)->input_type(), seen, unlimited);
  }
  EXPECT_GT(seen.size(), 80);
  EXPECT_THAT(unlimited, IsEmpty()) << absl::StrJoin(unlimited, "\n");
}

// INVALID_ARGUMENT that says which field, how much it held, and what it may hold.
void ExpectRefused(const absl::Status& status, absl::string_view text) {
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, text));
}

TEST(Limits, AreKeptByEveryService) {
  System system;
  const std::string long_id(65, 'x');
  v1::SegmentRequest segment;
  segment.set_config_version("v1");
  for (int i = 0; i < 513; ++i) segment.add_items()->add_strategies(v1::STRATEGY_RFM);
  ExpectRefused(Ask(system.segmentation, &v1::Segmentation::Stub::Segment, segment).status(),
                "items: 513 elements is above 512");
  v1::GetProfilesRequest profiles;
  profiles.add_customer_ids(long_id);
  ExpectRefused(Ask(system.retrieval, &v1::Retrieval::Stub::GetProfiles, profiles).status(),
                "customer_ids[0]: 65 bytes is above 64");
  v1::OffersSettleReservationsRequest settlements;
  settlements.add_settlements()->set_customer_run_id(long_id);
  ExpectRefused(Ask(system.offers, &v1::Offers::Stub::SettleReservations, settlements).status(),
                "settlements[0].customer_run_id: 65 bytes is above 64");
  ExpectRefused(Ask(system.generator, &v1::Generator::Stub::Generate, v1::GenerateRequest()).status(),
                "config_version: 0 bytes is below 1");
  v1::ListSuppressionsRequest suppressions;
  suppressions.set_page_size(1001);
  ExpectRefused(Ask(system.compliance, &v1::Compliance::Stub::ListSuppressions, suppressions).status(),
                "page_size: 1001 is above 1000");
  v1::ListDeliveriesRequest deliveries;
  deliveries.set_customer_run_id(long_id);
  ExpectRefused(Ask(system.delivery, &v1::Delivery::Stub::ListDeliveries, deliveries).status(),
                "customer_run_id: 65 bytes is above 64");
  ExpectRefused(Ask(system.analytics, &v1::Analytics::Stub::RecordResponses, v1::RecordResponsesRequest()).status(),
                "responses: 0 elements is below 1");
  v1::RunCampaignRequest run;
  run.set_campaign(long_id);
  ExpectRefused(Ask(system.orchestrator, &v1::Orchestrator::Stub::RunCampaign, run).status(),
                "campaign: 65 bytes is above 64");
  v1::GetCampaignRequest campaign;
  campaign.set_name(long_id);
  ExpectRefused(Ask(system.campaigns, &v1::Campaigns::Stub::GetCampaign, campaign).status(),
                "name: 65 bytes is above 64");
  v1::GetReviewRequest review;
  review.set_review_task_id(std::string(81, 'x'));
  ExpectRefused(Ask(system.reviews, &v1::Reviews::Stub::GetReview, review).status(),
                "review_task_id: 81 bytes is above 80");
}

}  // namespace
}  // namespace campaign::e2e
