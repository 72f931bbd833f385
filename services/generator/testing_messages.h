#pragma once

#include <string>

#include "campaign/v1/generator.pb.h"
#include "common/testing/testing.h"
#include "services/generator/message_writer.h"

namespace campaign::generator::testing {

using ::campaign::testing::ParseProto;

// A customer with an offer by e-mail.
inline v1::GenerateItem Item() {
  return ParseProto<v1::GenerateItem>(R"pb(
    customer_run_id: "run-1"
    profile {
      customer {
        customer_id: "c1"
        first_name: "Ann"
        last_name: "Lee"
        locale: "de-AT"
        country: "AT"
        contact_points { channel: CHANNEL_EMAIL address: "ann@example.com" }
        contact_points { channel: CHANNEL_PUSH address: "token-1" }
      }
    }
    segment { segment: "at_risk" label: "At risk" }
    insights { insights { facts { name: "top_category" value: "shoes" } } }
    decision {
      kind: ACTION_KIND_OFFER
      action_id: "bundle"
      template_id: "bundle"
      channel: CHANNEL_EMAIL
      variables { name: "discount_percent" value: "20" }
    }
  )pb");
}

// An e-mail of that text.
inline v1::GenerationConfig TextConfig(const std::string& text) {
  v1::GenerationConfig config;
  v1::Template& source = *config.add_templates();
  source.set_template_id("bundle");
  source.set_channel(v1::CHANNEL_EMAIL);
  source.set_subject("S");
  source.set_text(text);
  return config;
}

inline void AddFact(google::protobuf::RepeatedPtrField<v1::Fact>* facts, const std::string& name,
                    const std::string& value) {
  v1::Fact& fact = *facts->Add();
  fact.set_name(name);
  fact.set_value(value);
}

inline v1::GenerateItemResult Write(const v1::GenerationConfig& config, const v1::GenerateItem& item) {
  v1::GenerateItemResult result;
  const auto writer = MessageWriter::Compile(config);
  EXPECT_OK(writer);
  if (writer.ok()) writer->Write(item, result);
  return result;
}

// What the item gets from a configuration in Protobuf's text form.
inline v1::GenerateItemResult Write(const std::string& config, const v1::GenerateItem& item = Item()) {
  return Write(ParseProto<v1::GenerationConfig>(config), item);
}

// The message of the refusal; empty: it compiles.
inline std::string RefusalOf(const std::string& config) {
  return std::string(MessageWriter::Compile(ParseProto<v1::GenerationConfig>(config)).status().message());
}

}  // namespace campaign::generator::testing
