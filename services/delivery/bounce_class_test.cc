#include "services/delivery/bounce_class.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace campaign::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Row {
  const char* reply;
  SmtpStage stage;
  BounceClass bounce_class;
  bool hard;
  const char* code;
};

TEST(ClassifyBounce, ReadsWhatServersSay) {
  constexpr SmtpStage kRecipient = SmtpStage::kRecipient;
  constexpr SmtpStage kMessage = SmtpStage::kMessage;
  constexpr SmtpStage kSender = SmtpStage::kSender;
  using Class = BounceClass;
  const Row rows[] = {
      // The address, RFC 3463 section 3.2 and 3.3.
      {"550 5.1.1 user unknown", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      {"550-5.1.1 The email account that you tried to reach", kMessage, Class::kInvalidAddress, true, kAddressUnknown},
      {"553 5.1.3 syntax", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      {"550 5.1.2 bad domain", kRecipient, Class::kInvalidAddress, true, kDomainUnknown},
      {"556 5.1.10 null MX", kRecipient, Class::kInvalidAddress, true, kDomainUnknown},
      {"550 5.4.4 no route", kRecipient, Class::kInvalidAddress, true, kDomainUnknown},
      {"550 5.2.1 disabled", kRecipient, Class::kInvalidAddress, true, kMailboxDisabled},
      // Full for good is still no reason never to write again.
      {"552 5.2.2 over quota", kRecipient, Class::kMailboxFull, false, kMailboxFull},
      {"452 4.2.2 over quota", kRecipient, Class::kMailboxFull, false, kMailboxFull},
      // About us, section 3.8 and RFC 7372.
      {"550 5.7.1 blocked using a list", kRecipient, Class::kBlocked, false, kSenderBlocked},
      {"550 5.7.26 DMARC", kMessage, Class::kBlocked, false, kSenderBlocked},
      {"550 5.1.8 sender's domain", kSender, Class::kBlocked, false, kSenderBlocked},
      // About the rate.
      {"421 4.7.0 unusual rate", kRecipient, Class::kRateLimited, false, kRateLimited},
      {"450 4.2.1 receiving mail too quickly", kRecipient, Class::kRateLimited, false, kRateLimited},
      {"421 4.7.28 flood", kMessage, Class::kRateLimited, false, kRateLimited},
      {"550 5.7.28 flood", kMessage, Class::kRateLimited, false, kRateLimited},
      // About the message, section 3.7.
      {"554 5.6.0 content", kMessage, Class::kContent, false, kContentRefused},
      {"552 5.3.4 too big", kSender, Class::kContent, false, kMessageTooLarge},
      {"550 5.2.3 too long", kMessage, Class::kContent, false, kMessageTooLarge},
      // Later.
      {"451 4.7.1 greylisted", kRecipient, Class::kTemporary, false, kTemporaryFailure},
      {"450 4.1.1 unverified address", kRecipient, Class::kTemporary, false, kTemporaryFailure},
      {"451 4.3.2 not now", kMessage, Class::kTemporary, false, kTemporaryFailure},
      // Without an enhanced status: RFC 5321 section 4.2.3 and RFC 7504.
      {"550 no such user", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      {"551 not local", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      {"552 quota", kRecipient, Class::kMailboxFull, false, kMailboxFull},
      {"553 not allowed", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      {"554 no", kRecipient, Class::kBlocked, false, kSenderBlocked},
      {"556 no mail", kRecipient, Class::kInvalidAddress, true, kDomainUnknown},
      {"550 policy", kMessage, Class::kBlocked, false, kSenderBlocked},
      {"552 too much data", kMessage, Class::kContent, false, kMessageTooLarge},
      {"554 spam", kMessage, Class::kContent, false, kContentRefused},
      {"500 what?", kMessage, Class::kOther, false, kRefusedByServer},
      {"450 busy", kRecipient, Class::kTemporary, false, kTemporaryFailure},
      {"421 closing", kMessage, Class::kTemporary, false, kTemporaryFailure},
      {"452 no storage", kMessage, Class::kTemporary, false, kTemporaryFailure},
      // A status that contradicts its code does not count.
      {"550 2.1.1 odd", kRecipient, Class::kInvalidAddress, true, kAddressUnknown},
      // Our user and password, RFC 4954.
      {"530 5.7.0 Authentication required", kSender, Class::kOther, false, kLoginRefused},
      {"535 5.7.8 invalid", SmtpStage::kSession, Class::kOther, false, kLoginRefused},
  };
  for (const Row& row : rows) {
    const Bounce bounce = ClassifyBounce(ParseSmtpReply(row.reply), row.stage);
    EXPECT_EQ(bounce.bounce_class, row.bounce_class) << row.reply;
    EXPECT_EQ(bounce.hard, row.hard) << row.reply;
    EXPECT_STREQ(bounce.code, row.code) << row.reply;
  }
}

TEST(ClassifyBounce, WhatIsSaidBeforeTheRecipientIsNamedIsNotAboutTheRecipient) {
  for (const SmtpStage stage : {SmtpStage::kSession, SmtpStage::kSender}) {
    for (const char* reply : {"550 5.1.1 unknown", "550 no", "553 bad", "552 5.2.2 full", "452 4.2.2 full", "556 no"}) {
      const Bounce bounce = ClassifyBounce(ParseSmtpReply(reply), stage);
      EXPECT_FALSE(bounce.hard) << reply;
      EXPECT_NE(bounce.bounce_class, BounceClass::kInvalidAddress) << reply;
      EXPECT_NE(bounce.bounce_class, BounceClass::kMailboxFull) << reply;
    }
  }
}

TEST(ClassifyBounce, NothingTransientIsHard) {
  for (int subject = 0; subject <= 8; ++subject) {
    for (int detail = 0; detail <= 30; ++detail) {
      for (const SmtpStage stage : {SmtpStage::kSender, SmtpStage::kRecipient, SmtpStage::kMessage}) {
        EXPECT_FALSE(ClassifyBounce({450, {4, subject, detail}}, stage).hard) << subject << "." << detail;
        EXPECT_FALSE(ClassifyBounce({450, {5, subject, detail}}, stage).hard) << subject << "." << detail;
      }
    }
  }
}

TEST(ParseSmtpReply, TakesNothingElseForAReply) {
  for (const char* line : {"", "25", "2500 ok", "ok", "99 x", "650 x", "100 x", "550x", "-50 x"}) {
    EXPECT_EQ(ParseSmtpReply(line).code, 0) << line;
  }
  EXPECT_EQ(ParseSmtpReply("250").code, 250);
  EXPECT_EQ(ParseSmtpReply("250\r\n").code, 250);
  EXPECT_EQ(ParseSmtpReply("250-SIZE 1\r\n").code, 250);
}

TEST(ParseEnhancedStatus, TakesThreeNumbersAndNothingElse) {
  const EnhancedStatus status = ParseEnhancedStatus("5.7.26 DMARC");
  EXPECT_EQ(status.permanence, 5);
  EXPECT_EQ(status.subject, 7);
  EXPECT_EQ(status.detail, 26);
  for (const char* text : {"", "5", "5.1", "5.1.", "3.1.1 x", "5.1.1x", "5.1.1.1", "5..1", "192.168.1.1", "5.1.1234"}) {
    EXPECT_EQ(ParseEnhancedStatus(text).permanence, 0) << text;
  }
}

TEST(BounceText, NamesTheNumbersAndNoAddress) {
  const SmtpReply reply = ParseSmtpReply("550 5.1.1 <ann@example.com>: no such user");
  const std::string text = BounceText(ClassifyBounce(reply, SmtpStage::kRecipient), reply);
  EXPECT_EQ(text, "nobody has this address (550 5.1.1)");
  EXPECT_THAT(text, Not(HasSubstr("ann")));
  const SmtpReply plain = ParseSmtpReply("554 no");
  EXPECT_EQ(BounceText(ClassifyBounce(plain, SmtpStage::kMessage), plain),
            "the mail server does not want this message (554)");
}

}  // namespace
}  // namespace campaign::delivery
