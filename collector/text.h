/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that others chose, made safe to show. Every byte of the input shows in
 * the output; nothing of it reaches a terminal or a parser as a command.
 */
#ifndef KITH_TEXT_H
#define KITH_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * For terminals, logs and tables: control bytes, bytes that are not UTF-8 and
 * invisible or direction-changing characters become \n, \t, \xHH or \u{H};
 * so do a blank behind a blank, and a combining mark that has nothing to be
 * drawn onto; a backslash becomes \\.
 *
 * Writes at most @room bytes with the NUL, never half an escape; reads up to a
 * NUL or @size bytes. Return: bytes written, without the NUL.
 */
size_t text_escape(char *to, size_t room, const char *from, size_t size);

/* The same to a stream. */
void text_print(FILE *stream, const char *from, size_t size);

/*
 * The same for a value with other things behind it on the line: in double quotes,
 * if it is empty or has a blank, a quote or "=" in it; a double quote in there
 * becomes \".
 */
size_t text_escape_word(char *to, size_t room, const char *from, size_t size);
void text_print_word(FILE *stream, const char *from, size_t size);

/*
 * A JSON string, with its quotes. Bytes that are not UTF-8 become U+DC80 to
 * U+DCFF, as lone surrogate escapes (PEP 383 does the same), so that nothing
 * is lost and the result is plain ASCII for them.
 */
void text_print_json(FILE *stream, const char *from, size_t size);

/* JSON in whose strings quotes and backslashes are escaped, and nothing else is yet. */
void text_finish_json(FILE *stream, const char *from, size_t size);

/*
 * Nanoseconds since the epoch as 2026-11-21T12:34:56.123456789Z.
 * @room: at least 40. Return: @to.
 */
char *text_time(char *to, size_t room, int64_t ns);

#endif
