#include "services/generator/generator_service.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/server.h"
#include "common/testing/testing.h"
#include "services/generator/testing_model.h"

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

// The same with a language model.
class GeneratorWithModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto model = std::make_unique<testing::ScriptedModel>(
        [](const ModelPrompt&, absl::Duration) { return testing::Texts({.title = "By the model"}, 7); });
    model_ = model.get();
    writing_ = std::make_unique<ModelWriting>(std::move(model), "small", 2, clock_);
    service_ = std::make_unique<GeneratorService>(writing_.get());
    ASSERT_OK_AND_ASSIGN(server_, Server::Start("127.0.0.1:0", {service_.get()}));
    stub_ = v1::Generator::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  static v1::GenerateRequest Request(const std::string& model = "small") {
    auto request = ParseProto<v1::GenerateRequest>(R"pb(
      config {
        templates { template_id: "t" channel: CHANNEL_PUSH title: "own" text: "x" }
        text_model { budget_micros: 1000 }
      }
      items {
        customer_run_id: "r1"
        profile {
          customer {
            customer_id: "c1"
            contact_points { channel: CHANNEL_PUSH address: "token" }
          }
        }
        decision { kind: ACTION_KIND_NUDGE template_id: "t" channel: CHANNEL_PUSH }
      }
      text_model_budget_micros: 100)pb");
    request.mutable_config()->mutable_text_model()->set_model(model);
    request.set_config_version("v1" + model);
    return request;
  }
  grpc::Status Generate(const v1::GenerateRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    const grpc::Status status = stub_->Generate(&context, request, &response_);
    asked_ = context.GetServerInitialMetadata().count(kModelAskedMetadata) > 0;
    return status;
  }

  const SystemClock clock_;
  testing::ScriptedModel* model_ = nullptr;
  std::unique_ptr<ModelWriting> writing_;
  std::unique_ptr<GeneratorService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Generator::Stub> stub_;
  v1::GenerateResponse response_;
  bool asked_ = false;
};

TEST_F(GeneratorWithModelTest, SaysThatItAsksWhatItCostAndWhoWrote) {
  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(response_.results(0).message().title(), "By the model");
  EXPECT_EQ(response_.results(0).message().model(), "small@v7");
  EXPECT_EQ(response_.text_model_spent_micros(), 7);
  EXPECT_TRUE(asked_);
}

TEST_F(GeneratorWithModelTest, AsksNobodyForTemplatesOnly) {
  v1::GenerateRequest request = Request();
  request.set_templates_only(true);
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.results(0).message().title(), "own");
  EXPECT_EQ(response_.results(0).message().notes_size(), 0);
  EXPECT_TRUE(model_->prompts().empty());
  EXPECT_FALSE(asked_);
}

TEST_F(GeneratorWithModelTest, AModelThatItDoesNotKnowIsRefusedWhenTheCampaignIsCheckedAndNotedLater) {
  v1::GenerateRequest request = Request("large");
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.results(0).message().title(), "own");
  EXPECT_EQ(response_.results(0).message().notes(0).code(), kModelUnavailable);
  EXPECT_FALSE(asked_);
  request.clear_items();
  const grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.text_model.model: large is no model that the generator knows"));
  request = Request();
  request.clear_items();
  EXPECT_TRUE(Generate(request).ok());
  EXPECT_TRUE(model_->prompts().empty());
}

}  // namespace
}  // namespace campaign::generator
