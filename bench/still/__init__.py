"""What stillness saves: pictures and tokens sent to the model for recordings of fixed cameras."""
