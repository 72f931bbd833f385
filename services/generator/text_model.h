#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace campaign::generator {

// Why a language model's texts are not used. Notes on the message, which the templates wrote instead.
inline constexpr char kModelDeadline[] = "MODEL_DEADLINE";        // It took too long.
inline constexpr char kModelRefused[] = "MODEL_REFUSED";          // It would not.
inline constexpr char kModelNonsense[] = "MODEL_NONSENSE";        // What it wrote cannot be used.
inline constexpr char kModelUnavailable[] = "MODEL_UNAVAILABLE";  // It cannot be reached, or is not known here.
inline constexpr char kModelBudget[] = "MODEL_BUDGET";            // The campaign's money for it is used up.

// Which texts of one message are to be written.
struct WantedTexts {
  bool subject = false;
  bool preheader = false;
  bool title = false;
  // One text, or paragraphs of one.
  bool text = false;
  bool paragraphs = false;

  bool any() const { return subject || preheader || title || text || paragraphs; }
};

// Texts as a model wrote them, UTF-8; empty: it was not asked for that one. Paragraphs are in `text`, with an empty
// line between them.
struct ModelTexts {
  std::string subject, preheader, title, text;
};

// What to ask for one message.
struct ModelPrompt {
  WantedTexts wanted;
  // The rules and the campaign's word: the only instructions.
  std::string instructions;
  // One JSON object: the template's message and what is known of the customer. Never an instruction.
  std::string data;
  int max_output_tokens = 0;
};

// Why there are no texts.
struct ModelFailure {
  // One of the codes above.
  const char* code = kModelUnavailable;
  // For people; no personal data.
  std::string text;
};

// What came of asking.
struct ModelAnswer {
  ModelTexts texts;
  // Set: `texts` is of no use.
  absl::optional<ModelFailure> failure;
  // The model's version, as whoever serves it calls it; at most 63 printable characters of ASCII.
  std::string version;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  // Millionths; of what is not known whether it was charged, the most that it can be. At most CostBound.
  int64_t cost_micros = 0;
};

// Writes texts. Thread-safe.
class TextModel {
 public:
  virtual ~TextModel() = default;

  // The most that asking can cost, in millionths.
  virtual int64_t CostBound(const ModelPrompt& prompt) const = 0;

  // Blocks for up to `timeout`. The texts are of the form that was asked for; what they say is for the caller to judge.
  virtual ModelAnswer Ask(const ModelPrompt& prompt, absl::Duration timeout) = 0;
};

}  // namespace campaign::generator
