// Notes: what sections and segments of an ELF file are made of that say something of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ganger::host {

/// Lifetime: the text is that of the bytes it was taken from
struct ElfNote {
  std::string_view owner;  ///< "GNU", "ganger"
  std::uint32_t type = 0;  ///< what it is, by its owner's rules
  std::string_view content;
};

/// Takes the first note off `bytes`, which are taken as hostile. Nothing at their end, or where they make no sense.
std::optional<ElfNote> take_note(std::string_view& bytes);

/// The section of the note in which a plugin's description lies, so that nobody has to run its code for it; the owner
/// is kNoteOwner, the type note_type(), the content description_json(). sdk/ABI.md says what is promised of it.
inline constexpr std::string_view kNoteSection = ".note.ganger";
inline constexpr std::string_view kNoteOwner = "ganger";
/// `minor` = up to which minor of that major the writer knows descriptions.
constexpr std::uint32_t note_type(std::uint32_t major, std::uint32_t minor) { return major << 16U | minor; }

/// A whole section of one note.
std::string note_section(const ElfNote& note);

}  // namespace ganger::host
