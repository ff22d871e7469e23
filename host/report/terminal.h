// What a stream can show: colour, and a line that is drawn again.
#pragma once
#include <string>
#include <string_view>

namespace ganger::host {

enum class ColourWish : unsigned char { automatic, always, never };

/// --color, then NO_COLOR, then FORCE_COLOR, then whether `fd` is a terminal.
bool use_colour(ColourWish wish, int fd);
/// Is it a terminal on which a line can be drawn again?
bool can_redraw(int fd);
/// Columns of the terminal, 80 when it does not say.
unsigned columns_of(int fd);

enum class Paint : unsigned char { plain, bold, dim, red, green, yellow };
/// `text` in that colour, or as it is.
std::string painted(std::string_view text, Paint paint, bool has_colour);

/// All of it, whatever interrupts; false when nobody reads any more.
bool write_all(int fd, std::string_view text);

}  // namespace ganger::host
