-- What moderators did about people is forgotten.
DROP TABLE sanctions;
