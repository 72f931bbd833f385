#include "services/generator/generator_service.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::ParseProto;
using ::testing::HasSubstr;

class GeneratorServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start("127.0.0.1:0", {&service_}));
    stub_ = v1::Generator::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  grpc::Status Generate(const v1::GenerateRequest& request, v1::GenerateResponse& response) {
    grpc::ClientContext context;
    return stub_->Generate(&context, request, &response);
  }

  static v1::GenerateRequest Request(const std::string& text) {
    auto request = ParseProto<v1::GenerateRequest>(R"pb(
      config_version: "v1"
      config { templates { template_id: "t" channel: CHANNEL_SMS } }
      items {
        customer_run_id: "r1"
        profile {
          customer {
            customer_id: "c1"
            first_name: "Ann"
            contact_points { channel: CHANNEL_SMS address: "+4312345" }
          }
        }
        decision { kind: ACTION_KIND_NUDGE template_id: "t" channel: CHANNEL_SMS }
      }
      items {
        customer_run_id: "r2"
        profile {
          customer {
            customer_id: "c2"
            contact_points { channel: CHANNEL_SMS address: "+4312346" }
          }
        }
        decision { kind: ACTION_KIND_NUDGE template_id: "t" channel: CHANNEL_SMS }
      })pb");
    request.mutable_config()->mutable_templates(0)->set_text(text);
    return request;
  }

  GeneratorService service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Generator::Stub> stub_;
};

TEST_F(GeneratorServiceTest, AnswersInOrderAndFailsOnlyTheCustomerConcerned) {
  v1::GenerateResponse response;
  ASSERT_TRUE(Generate(Request("Hi {{first_name}}"), response).ok());
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).message().text(), "Hi Ann");
  EXPECT_EQ(response.results(1).error().reason(), "VARIABLE_MISSING");
}

TEST_F(GeneratorServiceTest, CompilesAVersionOnce) {
  v1::GenerateResponse response;
  ASSERT_TRUE(Generate(Request("one"), response).ok());
  // The version names the content: what a later request carries under it is not read again.
  ASSERT_TRUE(Generate(Request("two"), response).ok());
  EXPECT_EQ(response.results(0).message().text(), "one");
}

TEST_F(GeneratorServiceTest, RefusesATemplateThatDoesNotParse) {
  v1::GenerateResponse response;
  const grpc::Status status = Generate(Request("Hi {{first_name"), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.templates[0].text: template does not parse"));
}

}  // namespace
}  // namespace campaign::generator
