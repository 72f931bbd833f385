#include "services/delivery/spool_sender.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SendOutcome::Kind;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

class SpoolSenderTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(sender_, Open()); }

  absl::StatusOr<std::unique_ptr<SpoolSender>> Open() {
    return SpoolSender::Open({folder_.File("spool"), "shop@example.com"}, clock_);
  }

  static v1::Message Email(const std::string& address = "ann@example.com") {
    v1::Message message;
    message.set_channel(v1::CHANNEL_EMAIL);
    message.set_address(address);
    message.set_subject("Hi");
    message.set_text("Hello Ann");
    message.set_html("<p>Hello Ann</p>");
    return message;
  }

  std::vector<SendOutcome> Send(const std::vector<v1::Message>& messages, const std::string& key = "key") {
    std::vector<OutgoingMessage> outgoing;
    for (const v1::Message& message : messages) {
      outgoing.push_back({&message, absl::StrCat(key, outgoing.size()), clock_.Now()});
    }
    return sender_->Send(outgoing);
  }

  std::string Spooled(const std::string& path) const { return folder_.File(absl::StrCat("spool/", path)); }

  std::vector<std::string> Unfinished() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Spooled("unfinished"))) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TempDir folder_;
  FakeClock clock_{Utc("2026-06-15 23:59:59")};
  std::unique_ptr<SpoolSender> sender_;
};

TEST_F(SpoolSenderTest, WritesEmailByDay) {
  EXPECT_EQ(Send({Email()})[0].kind, Kind::kAccepted);
  const std::string content = ReadFile(Spooled("email/2026-06-15/key0.eml"));
  EXPECT_THAT(content, HasSubstr("From: shop@example.com\r\nTo: ann@example.com\r\nSubject: Hi\r\n"));
  EXPECT_THAT(content, HasSubstr("Date: Mon, 15 Jun 2026 23:59:59 +0000\r\nMessage-ID: <key0@example.com>\r\n"));
  EXPECT_THAT(content, HasSubstr("<p>Hello Ann</p>"));
  EXPECT_THAT(Unfinished(), IsEmpty());
}

TEST_F(SpoolSenderTest, EmailsCarryWhatOneClickUnsubscribingNeeds) {
  v1::Message message = Email();
  message.set_unsubscribe_url("https://shop.example.com/u?c=1");
  EXPECT_EQ(Send({message})[0].kind, Kind::kAccepted);
  EXPECT_THAT(ReadFile(Spooled("email/2026-06-15/key0.eml")),
              HasSubstr("List-Unsubscribe: <https://shop.example.com/u?c=1>\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

TEST_F(SpoolSenderTest, ALineBreakInASubjectIsRefusedAndLeavesNoFile) {
  v1::Message message = Email();
  message.set_subject("Hi\r\nBcc: all@example.com");
  const SendOutcome outcome = Send({message})[0];
  EXPECT_EQ(outcome.kind, Kind::kRejected);
  EXPECT_EQ(outcome.code, "HEADER_INJECTION");
  EXPECT_FALSE(std::filesystem::exists(Spooled("email/2026-06-15/key0.eml")));
  EXPECT_THAT(Unfinished(), IsEmpty());
}

TEST_F(SpoolSenderTest, WritesTheOtherChannelsAsJson) {
  v1::Message message;
  message.set_channel(v1::CHANNEL_PUSH);
  message.set_address("token-1");
  message.set_title("Hi \"Zoë\"");
  message.set_text("Line\nbreak 🦊");
  message.set_deep_link("app://x");
  message.set_locale("de");
  message.set_template_id("t");
  EXPECT_EQ(Send({message})[0].kind, Kind::kAccepted);
  EXPECT_EQ(nlohmann::json::parse(ReadFile(Spooled("push/2026-06-15/key0.json"))),
            nlohmann::json({{"idempotency_key", "key0"},
                            {"channel", "push"},
                            {"address", "token-1"},
                            {"title", "Hi \"Zoë\""},
                            {"text", "Line\nbreak 🦊"},
                            {"deep_link", "app://x"},
                            {"locale", "de"},
                            {"template_id", "t"}}));
  message.set_channel(v1::CHANNEL_SMS);
  EXPECT_EQ(Send({message})[0].kind, Kind::kAccepted);
  EXPECT_TRUE(std::filesystem::exists(Spooled("sms/2026-06-15/key0.json")));
}

TEST_F(SpoolSenderTest, AFileThatExistsWasSentAndStaysAsItIs) {
  EXPECT_EQ(Send({Email()})[0].kind, Kind::kAccepted);
  const std::string before = ReadFile(Spooled("email/2026-06-15/key0.eml"));
  v1::Message changed = Email();
  changed.set_text("Something else");
  EXPECT_EQ(Send({changed})[0].kind, Kind::kAccepted);
  EXPECT_EQ(ReadFile(Spooled("email/2026-06-15/key0.eml")), before);
  EXPECT_THAT(Unfinished(), IsEmpty());
}

TEST_F(SpoolSenderTest, TheNextDayStillKnowsWhatWasSent) {
  const v1::Message message = Email();
  const OutgoingMessage outgoing{&message, "key", clock_.Now()};
  EXPECT_EQ(sender_->Send({&outgoing, 1})[0].kind, Kind::kAccepted);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(sender_->Send({&outgoing, 1})[0].kind, Kind::kAccepted);
  EXPECT_FALSE(std::filesystem::exists(Spooled("email/2026-06-16")));
}

TEST_F(SpoolSenderTest, RejectsWhatIsNoAddress) {
  const std::vector<SendOutcome> outcomes =
      Send({Email("ann@example.com\r\nBcc: all@example.com"), Email(), Email("Ann")});
  EXPECT_EQ(outcomes[0].kind, Kind::kRejected);
  EXPECT_EQ(outcomes[0].code, "HEADER_INJECTION");
  EXPECT_EQ(outcomes[0].text.find("ann"), std::string::npos) << "no address in a reason";
  EXPECT_EQ(outcomes[1].kind, Kind::kAccepted);
  EXPECT_EQ(outcomes[2].kind, Kind::kRejected);
}

TEST_F(SpoolSenderTest, WhatCannotBeWrittenIsTriedAgain) {
  // A file where the folder of the channel should be: nobody can write there, root neither.
  std::ofstream(Spooled("email")) << "in the way";
  v1::Message sms = Email();
  sms.set_channel(v1::CHANNEL_SMS);
  const std::vector<SendOutcome> outcomes = Send({Email(), sms});
  EXPECT_EQ(outcomes[0].kind, Kind::kRetry);
  EXPECT_EQ(outcomes[0].code, "SPOOL_UNWRITABLE");
  EXPECT_THAT(outcomes[0].text, HasSubstr("Not a directory"));
  EXPECT_EQ(outcomes[1].kind, Kind::kAccepted) << "the others go out";
  std::filesystem::remove(Spooled("email"));
  EXPECT_EQ(Send({Email()})[0].kind, Kind::kAccepted);
}

TEST_F(SpoolSenderTest, AFolderThatVanishedIsTriedAgain) {
  std::filesystem::remove_all(Spooled("unfinished"));
  EXPECT_EQ(Send({Email()})[0].kind, Kind::kRetry);
  EXPECT_FALSE(std::filesystem::exists(Spooled("email/2026-06-15/key0.eml")));
}

TEST_F(SpoolSenderTest, WhatACrashLeftUnfinishedGoes) {
  sender_ = nullptr;
  std::ofstream(Spooled("unfinished/key0")) << "half a mess";
  ASSERT_OK_AND_ASSIGN(sender_, Open());
  EXPECT_THAT(Unfinished(), IsEmpty());
  EXPECT_EQ(Send({Email()})[0].kind, Kind::kAccepted);
}

TEST_F(SpoolSenderTest, OneProcessOwnsTheSpool) {
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, "another process owns the spool"));
}

TEST_F(SpoolSenderTest, RefusesBadOptions) {
  EXPECT_THAT(SpoolSender::Open({folder_.File("s"), "no address"}, clock_),
              StatusIs(absl::StatusCode::kInvalidArgument, "sender_address"));
  std::ofstream(folder_.File("file")) << "x";
  EXPECT_THAT(SpoolSender::Open({folder_.File("file"), "a@b.c"}, clock_),
              StatusIs(absl::StatusCode::kInternal, "cannot open"));
}

}  // namespace
}  // namespace campaign::delivery
