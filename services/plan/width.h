/* How many columns a text takes in a terminal, and padding by it: Chinese characters take two. Pure. */
#ifndef PLAN_WIDTH_H
#define PLAN_WIDTH_H

#include "proto/base.h"

/* Columns of UTF-8 text: wide and full-width characters 2, combining marks and control characters 0, all else 1. */
uint32_t text_width(text_t text);
/* Appends `text` and blanks up to `columns`; a longer text is appended whole, without blanks. */
void text_pad(buffer_t *out, text_t text, uint32_t columns);
/* The same with the blanks in front: for numbers. */
void text_pad_left(buffer_t *out, text_t text, uint32_t columns);

#endif
