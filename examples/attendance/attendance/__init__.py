"""What a month of a contract came to: a question and its answer, agreed between one region and its portal."""
